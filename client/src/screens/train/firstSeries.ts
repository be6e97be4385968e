import type { Series } from "@/api/types";

import { candlesNeeded } from "./enough";
import type { Draft } from "./parameters";

// The server's own choice, and that for which the presets are meant.
const USUAL_INTERVAL = "1h";

/**
 * The draft on a series that is stored: the one it names, or the first choice, of its ticker if there is any.
 *
 * Asked once, when the form opens: what arrives meanwhile must not change it under the reader's hands.
 */
export function onStored(draft: Draft, stored: readonly Series[]): Draft {
  const ofTicker = stored.filter(({ ticker }) => ticker === draft.ticker);
  const found =
    ofTicker.find(({ interval }) => interval === draft.interval) ??
    firstChoice(ofTicker, draft) ??
    firstChoice(stored, draft);
  return found ? { ...draft, ticker: found.ticker, interval: found.interval } : draft;
}

/** Long enough to train on; then candles of an hour, the newest day, the most of them. */
function firstChoice(stored: readonly Series[], draft: Draft): Series | undefined {
  const needed = candlesNeeded(Number(draft.lookback), Number(draft.horizon));
  const ranks = ({ rows, interval, last }: Series) => [
    Number(rows >= needed),
    Number(interval === USUAL_INTERVAL),
    Date.parse(last.slice(0, 10)),
    rows,
  ];
  return stored.toSorted((one, other) => firstDifference(ranks(other), ranks(one)))[0];
}

function firstDifference(one: readonly number[], other: readonly number[]): number {
  return one.map((rank, index) => rank - (other[index] ?? 0)).find((difference) => difference !== 0) ?? 0;
}
