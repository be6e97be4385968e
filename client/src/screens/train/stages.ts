import type { Stage } from "@/api/types";

/** The stages of a run, in order, in words. */
export const STAGES: readonly { stage: Stage; name: string }[] = [
  { stage: "data_fetching", name: "Reading candles" },
  { stage: "preprocessing", name: "Checking" },
  { stage: "feature_engineering", name: "Features" },
  { stage: "model_building", name: "Building" },
  { stage: "training", name: "Training" },
  { stage: "evaluating", name: "Scoring" },
  { stage: "exporting", name: "Saving" },
];

export function stageName(stage: Stage | null): string {
  return STAGES.find((each) => each.stage === stage)?.name ?? "Waiting";
}
