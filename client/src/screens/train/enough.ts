import { candleSeconds } from "@/api/intervals";
import type { Series } from "@/api/types";
import type { Range } from "@/charts/RangeChart";
import { count } from "@/format/numbers";

import type { Draft } from "./parameters";

type Dates = Pick<Draft, "start_date" | "end_date">;
type Sizes = Pick<Draft, "lookback" | "horizon">;

const DAY = 86_400;
// As the server has it, which a test of both holds to: rows that indicators need before their first value, the
// fewest forecasts of all parts, how many parts there are, and the share of the last.
const WARM_UP = 200;
const FEWEST_FORECASTS = 200;
const PARTS = 4;
const TEST_SHARE = 0.15;
// From fewer than these no skill can be told from luck.
const FEW_TESTED = 100;

/** The chosen range of a series, whose last day is meant whole: seconds since 1970. */
export function rangeOf(series: Series, { start_date: start, end_date: end }: Dates): Range {
  const seconds = (moment: string) => Date.parse(moment) / 1000;
  const [first, last] = [seconds(series.first), seconds(series.last)];
  const wholeDay = end.length === 10 ? DAY - 1 : 0;
  return {
    start: start ? Math.max(first, seconds(start)) : first,
    end: end ? Math.min(last, seconds(end) + wholeDay) : last,
  };
}

/** About how many candles lie in a range: some of them may be missing. */
export function candlesIn(series: Series, { start, end }: Range): number {
  return Math.max(0, Math.min(series.rows, Math.floor((end - start) / candleSeconds(series.interval)) + 1));
}

/** Fewest candles without a gap from which the server makes a training. */
export function candlesNeeded(lookback: number, horizon: number): number {
  return WARM_UP + PARTS * (lookback + horizon) - 1 + FEWEST_FORECASTS;
}

export interface Shortage {
  /** Without it the server refuses. */
  refused: boolean;
  words: string;
}

/** What is wrong with the number of candles, before the server says so; null: nothing, or it cannot be said. */
export function shortageOf(series: Series, draft: Dates & Sizes): Shortage | null {
  const [lookback, horizon] = [Number(draft.lookback), Number(draft.horizon)];
  if (!(lookback > 0 && horizon > 0)) return null;
  const candles = candlesIn(series, rangeOf(series, draft));
  const needed = candlesNeeded(lookback, horizon);
  if (candles < needed) {
    return {
      refused: true,
      words:
        `About ${count(candles)} candles are too few: lookback ${lookback} and horizon ${horizon} need at least ` +
        `${count(needed)}. Choose a longer range, another series or a shorter lookback.`,
    };
  }
  const tested = Math.floor((candles - needed + FEWEST_FORECASTS) * TEST_SHARE);
  if (tested >= FEW_TESTED) return null;
  return {
    refused: false,
    words: `Enough to train, but the test part has only about ${count(tested)} forecasts: no skill can be told from luck on so few.`,
  };
}
