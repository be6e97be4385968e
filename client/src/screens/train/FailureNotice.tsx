import { useLocation } from "wouter";

import { useStartTraining } from "@/api/hooks/useStartTraining";
import type { Failure, Session } from "@/api/types";
import { Button, ButtonLink } from "@/components/Button";
import { Card } from "@/components/Card";
import { ErrorState } from "@/components/States";
import { sentenceOf } from "@/screens/models/sentences";

import { bodyOf, draftOf } from "./parameters";

/** Why a training failed, in the server's words, and two ways on. */
export function FailureNotice({ session, error }: { session: Session; error: Failure | null }) {
  const start = useStartTraining();
  const [, go] = useLocation();
  const again = () =>
    start.mutate(bodyOf(draftOf(session)), { onSuccess: ({ session_id }) => go(`/train/${session_id}`) });
  return (
    <Card className="border-bad/50" title="This training failed">
      <div role="alert">
        <p className="max-w-prose">{error ? sentenceOf(error.message) : "The server did not say why."}</p>
        {error && (
          <p className="mt-1 font-mono text-xs break-all text-muted">
            {error.error_code} · session {session.session_id}
          </p>
        )}
      </div>
      <div className="mt-4 flex flex-wrap gap-2">
        <Button kind="primary" busy={start.isPending} onClick={again}>
          Try again with the same parameters
        </Button>
        <ButtonLink href={`/train?from=${session.session_id}`}>Change the parameters</ButtonLink>
      </div>
      {start.isError && (
        <div className="mt-3">
          <ErrorState error={start.error} />
        </div>
      )}
    </Card>
  );
}
