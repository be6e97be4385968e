import { expect, test } from "vitest";

import { belongTo } from "./indicators";

const hours = (first: number, count: number) =>
  Array.from({ length: count }, (_, index) => new Date(Date.UTC(2024, 0, 1, first + index)).toISOString());
const candles = (first: number, count: number) => hours(first, count).map((timestamp) => ({ timestamp }));

test("indicators belong to candles of the same times, however those are written", () => {
  expect(belongTo({ timestamp: hours(0, 3) }, candles(0, 3))).toBe(true);
  const bare = hours(0, 3).map((moment) => moment.slice(0, 19));
  expect(belongTo({ timestamp: bare }, candles(0, 3))).toBe(true);
});

test("a candle that has just closed does not take the indicators away", () => {
  expect(belongTo({ timestamp: hours(0, 30) }, candles(1, 30))).toBe(true);
  expect(belongTo({ timestamp: hours(1, 30) }, candles(0, 30))).toBe(true);
  expect(belongTo({ timestamp: hours(0, 30) }, candles(0, 31))).toBe(true);
});

test("indicators of more candles, or of others, are not drawn on these", () => {
  expect(belongTo({ timestamp: hours(0, 40) }, candles(0, 30))).toBe(false);
  expect(belongTo({ timestamp: hours(9, 30) }, candles(0, 30))).toBe(false);
  expect(belongTo({ timestamp: [] }, [])).toBe(false);
});
