import { expect, test } from "vitest";

import { resultOf } from "./resultWords";

test("numbers are told by their names, series are counted", () => {
  expect(resultOf({ prices: 3, missing: ["X-USD"] })).toBe(" (prices 3)");
  const series = { "A-USD 1h": { stored: 4 }, "B-USD 1h": { error: "source_unreachable" } };
  expect(resultOf({ series, jobs_forgotten: 1200 })).toBe(
    " (series 2, of these failed 1, jobs forgotten 1,200)",
  );
});

test("a run that tells nothing adds nothing", () => {
  expect(resultOf(null)).toBe("");
  expect(resultOf({ reached: true })).toBe("");
});
