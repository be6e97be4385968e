import type { Model } from "@/api/modelsApi";

type OfKind = Pick<Model, "ticker" | "interval" | "model_type">;

/** Models that compete with each other, one of them active. */
export interface Kind extends OfKind {
  key: string;
  models: readonly Model[];
}

/** What models compete for. */
export function kindKey({ ticker, interval, model_type }: OfKind): string {
  return `${ticker} ${interval} ${model_type}`;
}

export function modelName({ model_type, version }: Pick<Model, "model_type" | "version">): string {
  return `${model_type} version ${version}`;
}

/** Models by what they compete for; kinds and models keep the order in which they come. */
export function kindsOf(models: readonly Model[]): Kind[] {
  const kinds = new Map<string, Kind & { models: Model[] }>();
  for (const model of models) {
    const key = kindKey(model);
    const { ticker, interval, model_type } = model;
    const kind = kinds.get(key) ?? { key, ticker, interval, model_type, models: [] };
    kind.models.push(model);
    kinds.set(key, kind);
  }
  return [...kinds.values()];
}

/** Orders in which models can be listed, by the server's name of each. */
export const ORDERS = [
  { value: "-created_at", name: "Newest first" },
  { value: "-skill", name: "Skill, best first" },
  { value: "dm_p_value", name: "p, smallest first" },
  { value: "rmse", name: "RMSE, smallest first" },
  { value: "mae", name: "MAE, smallest first" },
  { value: "mape", name: "MAPE, smallest first" },
  { value: "mase", name: "MASE, smallest first" },
  { value: "-directional_accuracy", name: "Direction right, best first" },
  { value: "-r2_return", name: "R² of the return, best first" },
  { value: "-coverage_80", name: "Inside the 80 % band, most first" },
  { value: "-coverage_95", name: "Inside the 95 % band, most first" },
  { value: "mean_width_80", name: "Width of the 80 % band, narrow first" },
  { value: "mean_width_95", name: "Width of the 95 % band, narrow first" },
  { value: "interval_score_80", name: "Interval score 80 %, smallest first" },
  { value: "interval_score_95", name: "Interval score 95 %, smallest first" },
  { value: "-interval_skill_80", name: "Interval skill 80 %, best first" },
  { value: "-interval_skill_95", name: "Interval skill 95 %, best first" },
  { value: "-trained_until", name: "Newest data first" },
  { value: "-activated_at", name: "Last activated first" },
  { value: "size_bytes", name: "Smallest file first" },
] as const;
