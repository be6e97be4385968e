import { expect, test } from "vitest";

import { outline } from "./bands";

const point = (time: number, close: number) => ({
  time,
  lower_80: close - 1,
  upper_80: close + 1,
  lower_95: close - 2,
  upper_95: close + 2,
});
const same = (value: number) => value;

test("the outline goes along the upper bound and comes back along the lower one", () => {
  const points = [point(1, 10), point(2, 20)];
  expect(outline(points, "lower_95", "upper_95", same, same)).toEqual([
    [1, 12],
    [2, 22],
    [2, 18],
    [1, 8],
  ]);
});

test("a point without a place on the chart is left out on both sides", () => {
  const points = [point(1, 10), point(2, 20), point(3, 30)];
  const x = (time: number) => (time === 2 ? null : time);
  expect(outline(points, "lower_80", "upper_80", x, same)).toEqual([
    [1, 11],
    [3, 31],
    [3, 29],
    [1, 9],
  ]);
});
