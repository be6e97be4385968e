import { candleSeconds } from "@/api/intervals";
import { count } from "@/format/numbers";
import { duration } from "@/format/times";

// What a source and its download may take before a candle counts as late.
const LATE_SECONDS = 120;
const DAY = 86_400;
const YEAR = 365.25 * DAY;

export interface Freshness {
  fresh: boolean;
  words: string;
}

/**
 * Whether the candle that closed last is stored. `last` is its open; `now` in milliseconds. Where prices are live,
 * `live` is the open of the candle that they belong to, and the exchange's clock counts instead of the one here.
 */
export function freshnessOf(last: string, interval: string, now: number, live?: string): Freshness {
  const step = candleSeconds(interval);
  // A candle is there one length after its open; the next one is due after one more.
  const until = live === undefined ? now / 1000 : Date.parse(live) / 1000 + step;
  const behind = until - (Date.parse(last) / 1000 + 2 * step);
  if (behind <= LATE_SECONDS) return { fresh: true, words: "Up to date" };
  return { fresh: false, words: `${longTime(behind)} behind` };
}

function longTime(seconds: number): string {
  if (seconds < 60 * DAY) return duration(seconds);
  if (seconds < 2 * YEAR) return `${count(seconds / DAY)} days`;
  return `${(seconds / YEAR).toFixed(1)} years`;
}

export interface Changed {
  /** A fraction of the earlier close. */
  change: number;
  /** Seconds between the two closes. */
  over: number;
}

/** The change of the close over a day, or over what there is of it; over one candle where that is a day. */
export function changeOf(
  candles: readonly { timestamp: string; close: number }[],
  interval: string,
): Changed | null {
  const last = candles.at(-1);
  if (!last) return null;
  const wanted = Math.max(DAY, candleSeconds(interval));
  const at = Date.parse(last.timestamp) / 1000;
  const earlier =
    candles.findLast(({ timestamp }) => at - Date.parse(timestamp) / 1000 >= wanted) ?? candles[0];
  if (!earlier || earlier === last) return null;
  return { change: last.close / earlier.close - 1, over: at - Date.parse(earlier.timestamp) / 1000 };
}
