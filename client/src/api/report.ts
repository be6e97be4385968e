/** What a forecast was worth on the test part; shares are fractions, mae and rmse in quote currency. */
export interface Scores {
  mae: number | null;
  rmse: number | null;
  mape: number | null;
  r2: number | null;
  r2_return: number | null;
  mase: number | null;
  directional_accuracy: number | null;
  directional_accuracy_interval: [number, number] | null;
  directional_rows: number;
  /** 1 - rmse / rmse of naive. */
  skill: number | null;
  /** Diebold-Mariano against naive, two-sided. */
  dm_p_value: number | null;
  coverage_80: number | null;
  mean_width_80: number | null;
  interval_score_80: number | null;
  coverage_95: number | null;
  mean_width_95: number | null;
  interval_score_95: number | null;
  interval_skill_80?: number | null;
  interval_skill_95?: number | null;
}

export interface Report {
  /** Forecast origins in the test part. */
  rows: number;
  period: { start: string; end: string };
  overall: Scores;
  steps: (Scores & { step: number })[];
}

export interface Baseline extends Report {
  /** Overall scores of the drift forecast. */
  drift: Scores;
}
