import { expect, test } from "vitest";

import { changeOf, freshnessOf } from "./freshness";

const at = (time: string) => Date.parse(`2024-01-02T${time}Z`);

test("a series is up to date until the next candle should have come", () => {
  expect(freshnessOf("2024-01-02T10:00:00Z", "1h", at("11:59:00")).fresh).toBe(true);
  expect(freshnessOf("2024-01-02T10:00:00Z", "1h", at("12:01:00")).fresh).toBe(true);
  expect(freshnessOf("2024-01-02T10:00:00Z", "1h", at("15:00:00"))).toEqual({
    fresh: false,
    words: "3 h behind",
  });
});

test("beside a live price the exchange's clock counts, not the one here", () => {
  const years = Date.parse("2026-01-01T00:00:00Z");
  const live = (open: string) => freshnessOf("2024-01-02T10:00:00Z", "1h", years, open).words;
  expect(live("2024-01-02T10:00:00Z")).toBe("Up to date");
  expect(live("2024-01-02T11:00:00Z")).toBe("Up to date");
  expect(live("2024-01-02T14:00:00Z")).toBe("3 h behind");
});

test("the change is that of a day, however long candles are, or of what there is of one", () => {
  const candles = [0, 6, 12, 18, 24].map((hour) => ({
    timestamp: new Date(Date.UTC(2024, 0, 1, hour)).toISOString(),
    close: 100 + hour,
  }));
  expect(changeOf(candles, "1h")).toEqual({ change: expect.closeTo(0.24) as number, over: 86_400 });
  expect(changeOf(candles.slice(3), "1h")).toEqual({ change: 124 / 118 - 1, over: 21_600 });
  expect(changeOf(candles.slice(4), "1h")).toBeNull();
});
