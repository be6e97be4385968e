import type { Scores } from "@/api/report";
import { percent, pValue, signedPercent } from "@/format/numbers";

// The usual bar for calling a difference more than luck.
const SIGNIFICANT = 0.05;

export interface Verdict {
  sentence: string;
  /** Whether it beats naive, loses to it, or cannot be told apart from it. */
  outcome: "better" | "worse" | "same" | "unknown";
}

/** What a skill against naive is worth, in words that claim no more than the test does. */
export function verdictOf({ skill, dm_p_value: p }: Pick<Scores, "skill" | "dm_p_value">): Verdict {
  if (skill === null)
    return { sentence: "Its error could not be compared with the naive forecast's.", outcome: "unknown" };
  const size = signedPercent(Math.abs(skill)).replace("+", "");
  const does = skill >= 0 ? `Beats the naive forecast by ${size}` : `Loses to the naive forecast by ${size}`;
  if (p === null)
    return { sentence: `${does}; too few rows to say whether that is luck.`, outcome: "unknown" };
  const shown = `p ${p < 0.001 ? "" : "= "}${pValue(p)}`;
  if (p >= SIGNIFICANT)
    return { sentence: `${does} (${shown}): not distinguishable from luck.`, outcome: "same" };
  return {
    sentence: `${does} (${shown}): more than luck would explain.`,
    outcome: skill >= 0 ? "better" : "worse",
  };
}

/** What was promised of an interval, and what was measured. */
export function coverageSentence(measured: number | null, promised: number): string {
  if (measured === null) return "Coverage could not be measured.";
  const off = measured - promised;
  const held = Math.abs(off) < 0.025 ? "as promised" : off < 0 ? "less than promised" : "more than promised";
  return `${percent(measured)} of what happened lay inside the ${percent(promised, 0)} band: ${held}.`;
}
