import { describe, expect, it } from "vitest";

import { coverageSentence, verdictOf } from "./verdict";

describe("verdictOf", () => {
  it("does not call luck a success", () => {
    expect(verdictOf({ skill: 0.0131, dm_p_value: 0.21 })).toEqual({
      sentence: "Beats the naive forecast by 1.31 % (p = 0.21): not distinguishable from luck.",
      outcome: "same",
    });
  });

  it("says when a model loses", () => {
    expect(verdictOf({ skill: -0.0296, dm_p_value: 0.0004 })).toEqual({
      sentence: "Loses to the naive forecast by 2.96 % (p < 0.001): more than luck would explain.",
      outcome: "worse",
    });
  });

  it("claims nothing of what is not known", () => {
    expect(verdictOf({ skill: null, dm_p_value: null }).outcome).toBe("unknown");
    expect(verdictOf({ skill: 0.02, dm_p_value: null }).outcome).toBe("unknown");
  });
});

describe("coverageSentence", () => {
  it("compares what was measured with what was promised", () => {
    expect(coverageSentence(0.809, 0.8)).toContain(
      "80.9 % of what happened lay inside the 80 % band: as promised",
    );
    expect(coverageSentence(0.67, 0.8)).toContain("less than promised");
    expect(coverageSentence(null, 0.8)).not.toMatch(/\d/);
  });
});
