import { useGaps } from "@/api/hooks/useGaps";
import type { Series } from "@/api/types";
import { WithTip } from "@/components/Hint";
import { Time } from "@/components/Time";
import { useNow } from "@/components/useNow";
import { count } from "@/format/numbers";
import type { LiveMarket } from "@/realtime/market";

import { freshnessOf } from "./freshness";
import { isLive } from "./liveness";

const MINUTE_MS = 60_000;

interface FreshnessProps {
  series: Pick<Series, "last" | "interval">;
  /** What its room tells. */
  room: Pick<LiveMarket, "candle" | "heardAt">;
}

/** How old the newest candle is, in words. */
export function Freshness({ series, room }: FreshnessProps) {
  const now = useNow(true, MINUTE_MS);
  const live = isLive(room.heardAt, now) ? room.candle?.timestamp : undefined;
  const { fresh, words } = freshnessOf(series.last, series.interval, now, live);
  return (
    <p>
      <span className={fresh ? "text-good" : "text-warn"}>
        <span aria-hidden>{fresh ? "✓" : "!"}</span> {words}
      </span>{" "}
      <span className="text-muted">
        · last candle <Time moment={series.last} />
      </span>
    </p>
  );
}

/** How many candles are missing between the first and the last. */
export function GapLine({ series: { ticker, interval } }: { series: Series }) {
  const gaps = useGaps({ ticker, interval });
  if (!gaps.data) return <p className="text-muted">{gaps.isError ? "Gaps unknown" : "Looking for gaps"}</p>;
  const { missing, gaps: found } = gaps.data;
  if (missing === 0) return <p className="text-muted">No candle is missing.</p>;
  const where = found
    .slice(0, 5)
    .map(({ first, candles }) => `${candles} from ${first.slice(0, 16).replace("T", " ")} UTC`)
    .join("; ");
  return (
    <p className="text-muted">
      <WithTip tip={`${where}${found.length > 5 ? "; and more" : ""}`}>
        <button type="button" className="underline decoration-dotted underline-offset-2">
          {count(missing)} missing in {count(found.length)} {found.length === 1 ? "gap" : "gaps"}
        </button>
      </WithTip>
    </p>
  );
}
