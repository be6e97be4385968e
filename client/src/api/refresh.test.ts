import { QueryClient } from "@tanstack/react-query";
import { expect, test } from "vitest";

import { keys } from "./keys";
import { refreshSeries } from "./refresh";

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
