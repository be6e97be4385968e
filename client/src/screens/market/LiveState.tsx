import { useNow } from "@/components/useNow";
import { useLink } from "@/realtime/socket";

import { type Liveness, livenessOf } from "./liveness";

const LOOKS: Record<Liveness, [sign: string, look: string]> = {
  live: ["●", "text-good"],
  stale: ["!", "text-warn"],
  waiting: ["◷", "text-muted"],
  reconnecting: ["↻", "text-warn"],
  unfollowed: ["○", "text-muted"],
};

interface LiveStateProps {
  followed: boolean;
  heardAt: number | null;
}

/** Whether prices arrive, as a sign and in words; read aloud when it changes. */
export function LiveState({ followed, heardAt }: LiveStateProps) {
  const link = useLink();
  const now = useNow();
  const { state, words } = livenessOf({ link, followed, heardAt }, now);
  const [sign, look] = LOOKS[state];
  return (
    <span role="status" className={look}>
      <span aria-hidden>{sign}</span> {words}
    </span>
  );
}
