import type { Baseline, Report, Scores } from "@/api/report";
import { percent, price, pValue, signedPercent, significant } from "@/format/numbers";

export type Score = number | null | undefined;

export interface Metric {
  key: keyof Scores;
  name: string;
  explained: string;
  format: (value: Score, currency: string) => string;
  /** Which is better; null where neither is. */
  better: "low" | "high" | null;
  /** Whether it is an amount of the quote currency. */
  money?: boolean;
  /** Whether it judges the bands around the forecast, and not the forecast itself. */
  bands?: boolean;
}

const share = (value: Score) => percent(value);
const plain = (value: Score) => significant(value, 3);

/** Every score that is shown, in the order in which it is read. */
export const METRICS: readonly Metric[] = [
  {
    key: "skill",
    name: "Skill",
    explained: "How much smaller the error is than the naive forecast's: 1 − RMSE / RMSE of naive.",
    format: (value) => signedPercent(value),
    better: "high",
  },
  {
    key: "dm_p_value",
    name: "p (Diebold-Mariano)",
    explained:
      "How often luck alone would make a difference this large. Below 0.05 it is called significant.",
    format: (value) => pValue(value),
    better: null,
  },
  {
    key: "rmse",
    name: "RMSE",
    explained: "Typical error; large misses weigh more.",
    format: (value, currency) => price(value, currency),
    better: "low",
    money: true,
  },
  {
    key: "mae",
    name: "MAE",
    explained: "Mean error without its sign.",
    format: (value, currency) => price(value, currency),
    better: "low",
    money: true,
  },
  {
    key: "mape",
    name: "MAPE",
    explained: "Mean error as a share of the price.",
    format: (value) => percent(value == null ? null : value / 100, 2),
    better: "low",
  },
  {
    key: "mase",
    name: "MASE",
    explained: "Mean error against the mean move of one candle in training.",
    format: plain,
    better: "low",
  },
  {
    key: "directional_accuracy",
    name: "Direction right",
    explained: "How often it was on the side to which the price moved. Naive takes no side.",
    format: share,
    better: "high",
  },
  {
    key: "r2",
    name: "R² of the price",
    explained: "Near 1 for every forecast that stays near the last price, naive too: no sign of skill.",
    format: plain,
    better: "high",
  },
  {
    key: "r2_return",
    name: "R² of the return",
    explained: "How much of the moves is explained. Zero or less: none.",
    format: plain,
    better: "high",
  },
  {
    key: "coverage_80",
    name: "Inside the 80 % band",
    explained: "Measured share of what happened inside the band; 80 % was promised.",
    format: share,
    better: null,
    bands: true,
  },
  {
    key: "coverage_95",
    name: "Inside the 95 % band",
    explained: "Measured share of what happened inside the band; 95 % was promised.",
    format: share,
    better: null,
    bands: true,
  },
  {
    key: "mean_width_80",
    name: "Width of the 80 % band",
    explained: "Mean width, as a share of the price. Narrow is good only where the coverage holds.",
    format: (value) => percent(value, 2),
    better: null,
    bands: true,
  },
  {
    key: "mean_width_95",
    name: "Width of the 95 % band",
    explained: "Mean width, as a share of the price.",
    format: (value) => percent(value, 2),
    better: null,
    bands: true,
  },
  {
    key: "interval_score_80",
    name: "Interval score, 80 %",
    explained: "Winkler's score: width, and a fine for each miss.",
    format: plain,
    better: "low",
    bands: true,
  },
  {
    key: "interval_score_95",
    name: "Interval score, 95 %",
    explained: "Winkler's score: width, and a fine for each miss.",
    format: plain,
    better: "low",
    bands: true,
  },
];

/** The 95 % interval of a score, where it has one. */
export function intervalOf(metric: Metric, scores: Scores): string | null {
  const interval = metric.key === "directional_accuracy" ? scores.directional_accuracy_interval : null;
  return interval && `${percent(interval[0])} to ${percent(interval[1])}`;
}

/** Overall and per step, of the model and its baselines, a row a score: for spreadsheets. */
export function csvOf(metrics: Report, baseline: Baseline): string {
  const lines = [["forecast", "step", "metric", "value"]];
  const add = (forecast: string, step: string, scores: Scores) => {
    for (const { key } of METRICS) lines.push([forecast, step, key, cell(scores[key] as Score)]);
  };
  add("model", "all", metrics.overall);
  add("naive", "all", baseline.overall);
  add("drift", "all", baseline.drift);
  for (const scores of metrics.steps) add("model", String(scores.step), scores);
  for (const scores of baseline.steps) add("naive", String(scores.step), scores);
  return lines.map((line) => line.join(",")).join("\n") + "\n";
}

function cell(value: Score): string {
  return value == null ? "" : String(value);
}
