import { expect, test } from "vitest";

import { listed, MOST_LIVE } from "./followedSeries";

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
