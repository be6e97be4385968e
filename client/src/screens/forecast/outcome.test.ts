import { expect, test } from "vitest";

import { fanOf, naivePathOf, outcomeOf, pathOf } from "./outcome";
import { worded } from "./words";

const step = (number: number, predicted: number, actual: number | null) => ({
  step: number,
  timestamp: `2019-01-01T0${number}:00:00Z`,
  predicted_price: predicted,
  lower_80: predicted - 2,
  upper_80: predicted + 2,
  lower_95: predicted - 4,
  upper_95: predicted + 4,
  confidence_score: 0.5,
  actual,
  error: actual === null ? null : predicted - actual,
});
const origin = { timestamp: "2019-01-01T00:00:00Z", close: 100 };

test("an outcome counts the known steps alone, and judges naive on the same ones", () => {
  const found = outcomeOf({
    origin,
    predictions: [step(1, 103, 100), step(2, 104, 108), step(3, 105, null)],
  });
  expect(found).toEqual({
    known: 2,
    rmse: Math.sqrt((9 + 16) / 2),
    naiveRmse: Math.sqrt((0 + 64) / 2),
    inside80: 0,
    inside95: 2,
  });
});

test("a forecast of which nothing has come true has no error, not an error of zero", () => {
  expect(outcomeOf({ origin, predictions: [step(1, 103, null)] })).toMatchObject({ known: 0, rmse: null });
});

test("fan, forecast and naive begin at the last close", () => {
  const forecast = { origin, predictions: [step(1, 103, null)] };
  const time = Date.parse(origin.timestamp) / 1000;
  expect(fanOf(forecast)[0]).toEqual({ time, lower_80: 100, upper_80: 100, lower_95: 100, upper_95: 100 });
  expect(pathOf(forecast).map(({ value }) => value)).toEqual([100, 103]);
  expect(naivePathOf(forecast).map(({ value }) => value)).toEqual([100, 100]);
});

test("a warning that is new here keeps the server's words", () => {
  expect(worded({ code: "of_tomorrow", message: "Mind the gap" }, "1h").title).toBe("Mind the gap");
  expect(
    worded(
      { code: "stale_candles", message: "", origin: "2019-01-01T00:00:00Z", missing_candles: 2000 },
      "1h",
    ).text,
  ).toContain("2,000 candles of 1h are missing");
});
