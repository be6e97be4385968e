import { expect, test } from "vitest";

import type { Series } from "@/api/types";

import { candlesIn, candlesNeeded, rangeOf, shortageOf } from "./enough";

const HOUR_MS = 3_600_000;
const series = (rows: number): Series => ({
  ticker: "BTC-USD",
  interval: "1h",
  first: "2024-01-01T00:00:00Z",
  last: new Date(Date.UTC(2024, 0, 1) + (rows - 1) * HOUR_MS).toISOString(),
  rows,
  sources: [],
});
const draft = { start_date: "", end_date: "", lookback: "30", horizon: "6" };

test("a range by whole days holds all candles of its last day", () => {
  const chosen = { start_date: "2024-01-02", end_date: "2024-01-03" };
  expect(candlesIn(series(1000), rangeOf(series(1000), chosen))).toBe(48);
});

test("too few candles are told before the server refuses them, with how many are needed", () => {
  expect(candlesNeeded(30, 6)).toBe(543);
  expect(shortageOf(series(542), draft)).toEqual({
    refused: true,
    words: expect.stringContaining("need at least 543") as string,
  });
  expect(shortageOf(series(543), draft)?.refused).toBe(false);
});

test("so few tests that no skill shows are a warning, enough are none", () => {
  expect(shortageOf(series(1000), draft)?.words).toContain("only about 98 forecasts");
  expect(shortageOf(series(5000), draft)).toBeNull();
});

test("while a number is half written nothing is said", () => {
  expect(shortageOf(series(10), { ...draft, lookback: "" })).toBeNull();
});
