import { expect, test } from "vitest";

import { besideSecond, oddOnes, shares } from "./qualityWords";

test("what nobody has looked for is not told as none", () => {
  expect(oddOnes({ counts: { jump: null, wick: null, deviates: null } })).toMatch(/^Nobody has looked/);
  expect(oddOnes({ counts: { jump: 0, wick: 0, deviates: null } })).toBe("None.");
  expect(oddOnes({ counts: { jump: 1, wick: 3, deviates: 0 } })).toBe("1 jump, 3 long wicks.");
});

test("a comparison names the other exchange and how many closes differ by more than is tolerated", () => {
  expect(besideSecond(null)).toMatch(/^Never compared/);
  const comparison = {
    compared_at: "2024-01-01T00:00:00Z",
    source: "kraken",
    candles: 1000,
    first: "2024-01-01T00:00:00Z",
    last: "2024-01-01T00:00:00Z",
    median: 0.0004,
    largest: 0.03,
    tolerance: 0.01,
    beyond: 2,
  };
  expect(besideSecond(comparison)).toBe(
    "1,000 closes beside kraken: they differ by 0.040 % in the middle, 2 by more than 1.0 %.",
  );
});

test("sources stand with their shares", () => {
  expect(shares([{ source: "coinbase", rows: 3, share: 0.75 }])).toBe("coinbase 75.0 %");
});
