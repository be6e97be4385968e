import type { Candle } from "@/api/types";
import { classes } from "@/components/classes";
import { NOTHING, signedPercent } from "@/format/numbers";
import { duration } from "@/format/times";

import { changeOf } from "./freshness";

/** How far the price has moved in a day; a sign says what the colour says. */
export function Change({ candles, interval }: { candles: readonly Candle[]; interval: string }) {
  const found = changeOf(candles, interval);
  if (!found) return <span className="text-muted">{NOTHING} too few candles</span>;
  const { change, over } = found;
  return (
    <>
      <span
        className={classes(
          "font-medium tabular-nums",
          change > 0 ? "text-good" : change < 0 ? "text-bad" : "",
        )}
      >
        <span aria-hidden>{change > 0 ? "▲" : change < 0 ? "▼" : "■"}</span> {signedPercent(change)}
      </span>{" "}
      <span className="text-muted">in {duration(over)}</span>
    </>
  );
}
