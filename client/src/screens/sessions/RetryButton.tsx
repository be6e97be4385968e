import { useLocation } from "wouter";

import { useStartTraining } from "@/api/hooks/useStartTraining";
import type { Session } from "@/api/types";
import { Button } from "@/components/Button";
import { bodyOf, draftOf } from "@/screens/train/parameters";

interface RetryButtonProps {
  session: Session;
  name: string;
  onRefused: (error: unknown) => void;
}

/** The same training once more, with the parameters it had. */
export function RetryButton({ session, name, onRefused }: RetryButtonProps) {
  const start = useStartTraining();
  const [, go] = useLocation();
  const word = session.status === "COMPLETED" ? "Again" : "Retry";
  const again = () =>
    start.mutate(bodyOf(draftOf(session)), {
      onSuccess: ({ session_id }) => go(`/train/${session_id}`),
      onError: onRefused,
    });
  return (
    <Button busy={start.isPending} onClick={again} aria-label={`${word}: ${name}`}>
      {word}
    </Button>
  );
}
