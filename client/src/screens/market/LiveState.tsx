import type { SeriesName } from "@/api/predictionsApi";
import { useNow } from "@/components/useNow";
import { useLink } from "@/realtime/socket";
import { toldOf } from "@/realtime/useMarketRoom";

import { type Liveness, livenessOf, spokenOf } from "./liveness";

const LOOKS: Record<Liveness, [sign: string, look: string]> = {
  live: ["●", "text-good"],
  stale: ["!", "text-warn"],
  waiting: ["◷", "text-muted"],
  reconnecting: ["↻", "text-warn"],
  unfollowed: ["○", "text-muted"],
};
// Whoever listens is told of a change, not of each price.
const SPEAK_EVERY_MS = 15_000;

interface LiveStateProps {
  followed: boolean;
  heardAt: number | null;
}

/** Whether prices arrive, as a sign and in words. Where it stands alone, put it into a status of its own. */
export function LiveState({ followed, heardAt }: LiveStateProps) {
  const link = useLink();
  const now = useNow();
  const { state, words } = livenessOf({ link, followed, heardAt }, now);
  const [sign, look] = LOOKS[state];
  return (
    <span className={look}>
      <span aria-hidden>{sign}</span> {words}
    </span>
  );
}

/** The same of a whole list for screen readers: one sentence, looked after now and then. */
export function SpokenState({ followed }: { followed: readonly SeriesName[] }) {
  const link = useLink();
  const now = useNow(true, SPEAK_EVERY_MS);
  const prices = followed.map((series) => {
    const { heardAt } = toldOf(series);
    const { state } = livenessOf({ link, followed: true, heardAt }, now);
    return { name: `${series.ticker} ${series.interval}`, state };
  });
  return (
    <p role="status" className="sr-only">
      {spokenOf(prices)}
    </p>
  );
}
