import { describe, expect, it } from "vitest";

import type { Report } from "@/api/report";

import { groupsOf, warningsOf } from "./fairness";

function contender(letter: string, changed: { ticker?: string; steps?: number; start?: string } = {}) {
  const metrics = {
    rows: 100,
    period: { start: changed.start ?? "2019-01-01T00:00:00Z", end: "2019-02-01T00:00:00Z" },
    steps: Array.from({ length: changed.steps ?? 6 }, (_, index) => ({ step: index + 1 })),
  } as Report;
  return { letter, ticker: changed.ticker ?? "BTC-USD", interval: "1h", metrics };
}

describe("groupsOf", () => {
  it("puts together what was scored on the same rows, and leaves out what was not scored", () => {
    const unscored = { ...contender("D"), metrics: null };
    const groups = groupsOf([contender("A"), contender("B", { steps: 3 }), contender("C"), unscored]);
    expect(groups.map((group) => group.map(({ letter }) => letter).join(""))).toEqual(["AC", "B"]);
  });
});

describe("warningsOf", () => {
  it("is silent when everything is the same", () => {
    expect(warningsOf([contender("A"), contender("B")])).toEqual([]);
  });

  it("names what differs", () => {
    expect(warningsOf([contender("A"), contender("B", { ticker: "ETH-USD" })])[0]).toContain(
      "A: BTC-USD, B: ETH-USD",
    );
    expect(warningsOf([contender("A"), contender("B", { steps: 12 })])[0]).toContain("A: 6, B: 12 candles");
    expect(warningsOf([contender("A"), contender("B", { start: "2019-01-02T00:00:00Z" })])[0]).toContain(
      "different candles",
    );
  });
});
