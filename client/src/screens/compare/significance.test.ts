import { describe, expect, it } from "vitest";

import type { TestPart } from "@/api/testPart";

import { dieboldMariano, differenceOf, studentTwoSided } from "./significance";

const DIFFERENCES = Array.from({ length: 60 }, (_, index) =>
  Number((Math.sin(index * 1.7) * 3 + Math.cos(index * 0.3) + 0.4).toFixed(6)),
);

function partOf(predicted: (hour: number) => number, hours: number[]): TestPart {
  const actual = hours.map((hour) => 100 + Math.sin(hour));
  return {
    timestamp: hours.map((hour) => new Date(hour * 3_600_000).toISOString()),
    actual,
    predicted: hours.map(predicted),
    step: 1,
  } as TestPart;
}

const from = (first: number, count: number) => Array.from({ length: count }, (_, index) => first + index);

describe("studentTwoSided", () => {
  it.each([
    [2.0, 10, 0.07338803477074037],
    [1.0, 1, 0.5],
    [2.5, 7, 0.04099221858575289],
    [0.3, 59, 0.7652316086778882],
    [1.96, 1499, 0.05018081997426498],
    [5, 30, 2.32966854670078e-5],
  ])("agrees with SciPy for t = %d with %d degrees of freedom", (statistic, freedom, expected) => {
    expect(studentTwoSided(statistic, freedom)).toBeCloseTo(expected, 12);
    expect(studentTwoSided(-statistic, freedom)).toBeCloseTo(expected, 12);
  });
});

describe("dieboldMariano", () => {
  it("gives what the server gives for the same differences", () => {
    expect(dieboldMariano(DIFFERENCES, 1)).toBeCloseTo(0.22292687355261112, 10);
    expect(dieboldMariano(DIFFERENCES, 6)).toBeCloseTo(0.20795260364352566, 10);
  });

  it("is undefined where nothing varies, or there are no more rows than steps", () => {
    expect(dieboldMariano([0, 0, 0, 0], 1)).toBeNull();
    expect(dieboldMariano([1, 2], 2)).toBeNull();
    expect(dieboldMariano([1, Number.NaN, 3], 1)).toBeNull();
  });
});

describe("differenceOf", () => {
  it("compares only forecasts that both have made", () => {
    const good = partOf((hour) => 100 + Math.sin(hour) + 0.1, from(0, 60));
    const bad = partOf((hour) => 100 + Math.sin(hour) + (hour % 2 ? 1 : 0.5), from(20, 60));
    const found = differenceOf(good, bad);
    expect(found?.rows).toBe(40);
    expect(found?.rmse).toBeCloseTo(0.1, 10);
    expect(found?.otherRmse).toBeCloseTo(Math.sqrt(0.625), 10);
    expect(found?.p).toBeLessThan(1e-6);
  });

  it("says nothing of too few", () => {
    expect(
      differenceOf(
        partOf(() => 1, from(0, 50)),
        partOf(() => 2, from(30, 50)),
      ),
    ).toBeNull();
  });
});
