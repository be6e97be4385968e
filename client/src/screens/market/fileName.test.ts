import { expect, test } from "vitest";

import { seriesOf } from "./fileName";

test.each([
  ["BTC-USD_1h.csv", { ticker: "BTC-USD", interval: "1h" }],
  ["eth_usdt-4H.csv", { ticker: "ETH-USDT", interval: "4h" }],
  ["SOL-USD.csv", { ticker: "SOL-USD" }],
  ["1d.csv", { interval: "1d" }],
  ["export (3).csv", {}],
])("%s names %o", (name, found) => {
  expect(seriesOf(name)).toEqual(found);
});
