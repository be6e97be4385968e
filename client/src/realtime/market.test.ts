import { expect, test } from "vitest";

import type { MarketJob } from "@/api/marketApi";

import { continued, type LiveMarket, NO_MARKET, withCandle, withJob, withJoined, withUpdate } from "./market";

const candle = (minute: number, close = 100) => ({
  timestamp: new Date(Date.UTC(2024, 0, 1, 0, minute)).toISOString(),
  open: 100,
  high: 101,
  low: 99,
  close,
  volume: 1,
});
const update = (seq: number, minute: number, closed = false, close = 100) => ({
  ticker: "BTC-USD",
  interval: "1m" as const,
  seq,
  candle: candle(minute, close),
  closed,
});
const after = (...updates: Parameters<typeof withUpdate>[1][]) =>
  updates.reduce<LiveMarket>((market, each) => withUpdate(market, each, 1000), NO_MARKET);

test("the open candle moves, and stays apart from those that ended", () => {
  const market = after(update(1, 5), update(2, 5, false, 104));
  expect(market.candle?.close).toBe(104);
  expect(market.closed).toBe(false);
  expect(market.ended).toEqual([]);
  expect(market.heardAt).toBe(1000);
});

test("an ended candle is appended once, and the next one grows behind it", () => {
  const market = after(update(1, 5, true), update(2, 6), update(3, 5, true, 99));
  expect(market.ended.map(({ close }) => close)).toEqual([99]);
  expect(market.candle?.timestamp).toBe(candle(6).timestamp);
});

test("an update that a later one has overtaken, or that is repeated, changes nothing", () => {
  const market = after(update(7, 5, false, 104));
  expect(withUpdate(market, update(6, 5, false, 90), 2000)).toBe(market);
  expect(withUpdate(market, update(7, 5, false, 90), 2000)).toBe(market);
});

test("joining again shows a candle that ended meanwhile, and never an older one", () => {
  const room = { room: "r", ticker: "BTC-USD", interval: "1m" as const, job: null };
  const market = after(update(7, 5, false, 104));
  const again = withJoined(market, { ...room, latest: candle(9) });
  expect(again.candle?.timestamp).toBe(candle(9).timestamp);
  expect(again.ended).toEqual([candle(9)]);
  expect(withJoined(market, { ...room, latest: candle(4) }).candle?.close).toBe(104);
  expect(withJoined(market, { ...room, latest: null })).toBe(market);
});

test("of two messages of a job the later one counts, whichever came last", () => {
  const job = (id: string, seq: number) => ({ job_id: id, last_seq: seq }) as MarketJob;
  const market = withJob(NO_MARKET, job("a", 5));
  expect(withJob(market, job("a", 4)).job?.last_seq).toBe(5);
  expect(withJob(market, job("a", 6)).job?.last_seq).toBe(6);
  expect(withJob(market, job("b", 1)).job?.job_id).toBe("b");
});

test("a candle takes its place by time", () => {
  const candles = [candle(1), candle(3)];
  expect(withCandle(candles, candle(2)).map(({ timestamp }) => timestamp)).toEqual(
    [1, 2, 3].map((minute) => candle(minute).timestamp),
  );
});

test("stored candles go on with those that ended since, and stay as many", () => {
  const stored = [candle(1), candle(2)];
  expect(continued(stored, [candle(2)])).toBe(stored);
  expect(continued(stored, [candle(2), candle(3)])).toEqual([candle(2), candle(3)]);
  expect(continued([], [candle(3)])).toEqual([]);
});
