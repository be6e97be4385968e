import { expect, test } from "vitest";

import { listed, matching, MOST_LIVE } from "./followedSeries";

const series = (count: number) =>
  Array.from({ length: count }, (_, number) => ({ ticker: `C${number}-USD`, interval: "1h" }));

test("only what is followed is live", () => {
  const [first, second] = listed(series(2), [{ ticker: "C1-USD", interval: "1h" }]);
  expect([first?.live, second?.live]).toEqual([false, true]);
  expect([first?.following, second?.following]).toEqual([undefined, { ticker: "C1-USD", interval: "1h" }]);
});

test("a series of another length is another series", () => {
  expect(listed(series(1), [{ ticker: "C0-USD", interval: "1d" }])[0]?.live).toBe(false);
});

test("however many are followed, so many rooms are joined at most", () => {
  const all = series(MOST_LIVE + 30);
  const lines = listed(all, all);
  expect(lines).toHaveLength(all.length);
  expect(lines.every(({ following }) => following)).toBe(true);
  expect(lines.filter(({ live }) => live)).toHaveLength(MOST_LIVE);
});

test("a series is found by parts of its name in any case, among those followed if that is wanted", () => {
  const lines = listed(series(12), [{ ticker: "C11-USD", interval: "1h" }]);
  const found = (text: string, onlyFollowed = false) =>
    matching(lines, text, onlyFollowed).map((line) => line.series.ticker);
  expect(found("c1 1H")).toEqual(["C1-USD", "C10-USD", "C11-USD"]);
  expect(found("c1", true)).toEqual(["C11-USD"]);
  expect(found("1d")).toEqual([]);
  expect(found("  ")).toHaveLength(12);
});
