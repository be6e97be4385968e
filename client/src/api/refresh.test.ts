import { QueryClient } from "@tanstack/react-query";
import { expect, test } from "vitest";

import { keys } from "./keys";
import { noteEnded, refreshSeries } from "./refresh";

test("all that is shown of a series is asked for anew, and nothing of another", () => {
  const queries = new QueryClient();
  const shown = (ticker: string) => [
    keys.candles({ ticker, interval: "1h", limit: 96 }),
    keys.gaps({ ticker, interval: "1h" }),
    keys.quality({ ticker, interval: "1h" }),
    keys.indicators({ ticker, interval: "1h", limit: 500, names: "rsi" }),
  ];
  const isOld = (key: readonly unknown[]) => queries.getQueryState(key)?.isInvalidated;
  const all = [...shown("BTC-USD"), ...shown("ETH-USD"), keys.series, keys.jobs];
  all.forEach((key) => queries.setQueryData(key, {}));

  refreshSeries(queries, { ticker: "BTC-USD", interval: "1h" });

  expect(shown("BTC-USD").map(isOld)).toEqual([true, true, true, true]);
  expect(shown("ETH-USD").map(isOld)).toEqual([false, false, false, false]);
  expect([keys.series, keys.jobs].map(isOld)).toEqual([true, false]);
});

const candle = (hour: number) => ({
  timestamp: `2024-01-02T${String(hour).padStart(2, "0")}:00:00Z`,
  open: 1,
  high: 1,
  low: 1,
  close: 1,
  volume: 1,
});
const stored = (ticker: string) => ({ ticker, interval: "1h", rows: 10, last: candle(9).timestamp });
const BTC = { ticker: "BTC-USD", interval: "1h" };

/** The list's BTC-USD after `noteEnded`, and whether list and gaps are asked for anew. */
function afterEnded(...hours: number[]) {
  const queries = new QueryClient();
  queries.setQueryData(keys.series, [stored("BTC-USD"), stored("ETH-USD")], { updatedAt: 1000 });
  queries.setQueryData(keys.gaps(BTC), {});
  noteEnded(queries, BTC, hours.map(candle));
  const state = queries.getQueryState<ReturnType<typeof stored>[]>(keys.series);
  const isOld = (key: readonly unknown[]) => queries.getQueryState(key)?.isInvalidated;
  const [btc, eth] = state?.data ?? [];
  return { btc, eth, at: state?.dataUpdatedAt, list: isOld(keys.series), gaps: isOld(keys.gaps(BTC)) };
}

test("the list learns of an ended candle without being asked for", () => {
  const { btc, eth, at, list, gaps } = afterEnded(9, 10, 11);
  expect(btc).toEqual({ ...stored("BTC-USD"), rows: 12, last: candle(11).timestamp });
  expect(eth).toEqual(stored("ETH-USD"));
  expect([at, list, gaps]).toEqual([1000, false, false]);
});

test("a candle that the list knows is not counted again", () => {
  expect(afterEnded(8, 9).btc).toEqual(stored("BTC-USD"));
});

test("where a candle was left out, or was not told of, list and gaps are asked for anew", () => {
  const { list, gaps } = afterEnded(11);
  expect([list, gaps]).toEqual([true, true]);
});

test("a series that the list does not know has it asked for", () => {
  const queries = new QueryClient();
  queries.setQueryData(keys.series, [stored("ETH-USD")]);
  noteEnded(queries, BTC, [candle(10)]);
  expect(queries.getQueryState(keys.series)?.isInvalidated).toBe(true);
});
