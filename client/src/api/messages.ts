// Made by `make client-types`; do not edit.
export interface Messages {
  error_update: ErrorUpdate;
  join_market: MarketRoom;
  join_prediction: JoinPrediction;
  join_training: JoinTraining;
  joined_market: JoinedMarket;
  joined_prediction: JoinedPrediction;
  joined_training: JoinedTraining;
  leave_market: MarketRoom;
  leave_prediction: LeavePrediction;
  leave_training: LeaveTraining;
  left_market: LeftMarket;
  left_prediction: LeftPrediction;
  left_training: LeftTraining;
  market_job: MarketJobSchema;
  market_update: MarketUpdate;
  prediction_update: PredictionUpdate;
  "prediction_update.drifted": DriftedData;
  "prediction_update.model_unavailable": ModelUnavailableData;
  "prediction_update.predicted": PredictedData;
  "prediction_update.scored": ScoredData;
  training_progress: TrainingProgress;
  training_update: TrainingUpdate;
  "training_update.cancelled": CancelledData;
  "training_update.completed": CompletedData;
  "training_update.epoch": EpochData;
  "training_update.evaluated": EvaluatedData;
  "training_update.failed": FailureSchema;
  "training_update.queued": QueuedData;
  "training_update.requeued": RequeuedData;
  "training_update.stage": StageData;
  "training_update.started": StartedData;
}
export interface ErrorUpdate {
  details?: {
    [k: string]: unknown;
  };
  error_code: string;
  message: string;
  session_id: string | null;
}
export interface MarketRoom {
  /**
   * Length of a candle
   */
  interval: "1m" | "5m" | "15m" | "30m" | "1h" | "4h" | "1d";
  /**
   * BASE-QUOTE in upper case
   */
  ticker: string;
}
export interface JoinPrediction {
  /**
   * Replay what is stored after this number. Default: all in the room of a request, nothing in that of a series, whose log has no end
   */
  after?: number;
  /**
   * Needed with `ticker`
   */
  interval?: "1m" | "5m" | "15m" | "30m" | "1h" | "4h" | "1d";
  /**
   * The room of one forecast; it may be joined before the request
   */
  request_id?: string;
  /**
   * With `interval`: all forecasts of a series
   */
  ticker?: string;
}
export interface JoinTraining {
  after?: number;
  session_id: string;
}
export interface JoinedMarket {
  /**
   * Length of a candle
   */
  interval: "1m" | "5m" | "15m" | "30m" | "1h" | "4h" | "1d";
  /**
   * The job that is active now, if any
   */
  job: MarketJobSchema | null;
  /**
   * The newest stored candle; null: none yet
   */
  latest: CandleSchema | null;
  room: string;
  /**
   * BASE-QUOTE in upper case
   */
  ticker: string;
}
export interface MarketJobSchema {
  cancel_requested: boolean;
  counts: BackfillCounts;
  /**
   * When it was asked for
   */
  created_at: string;
  error: JobError | null;
  /**
   * When it ended
   */
  finished_at: string | null;
  /**
   * Length of a candle
   */
  interval: "1m" | "5m" | "15m" | "30m" | "1h" | "4h" | "1d";
  job_id: string;
  kind: "backfill";
  /**
   * Rises with every change; of two messages the higher one counts
   */
  last_seq: number;
  params: BackfillParams;
  percentage: number;
  /**
   * When a worker first took it
   */
  started_at: string | null;
  status: "PENDING" | "IN_PROGRESS" | "COMPLETED" | "FAILED" | "CANCELLED";
  /**
   * BASE-QUOTE in upper case
   */
  ticker: string;
}
export interface BackfillCounts {
  /**
   * Candles that came
   */
  fetched?: number;
  /**
   * Flat candles of volume 0 for short times without trades
   */
  filled?: number;
  /**
   * Gaps that these make
   */
  gaps?: number;
  /**
   * Exchanges that failed before it, in their order
   */
  left?: SourceLeft[];
  /**
   * Candles that stay missing: the source has none
   */
  missing?: number;
  /**
   * Answers of the source
   */
  pages?: number;
  /**
   * The exchange asked last; empty when nothing was missing
   */
  source?: string;
  /**
   * Of these, new or different from what was stored
   */
  stored?: number;
}
export interface SourceLeft {
  error_code: string;
  /**
   * Candles that it had sent
   */
  fetched: number;
  /**
   * What it said
   */
  message: string;
  source: string;
}
export interface JobError {
  details: {
    [k: string]: unknown;
  };
  error_code: string;
  message: string;
}
export interface BackfillParams {
  refresh: boolean;
  /**
   * First open that is wanted
   */
  since: string;
  /**
   * Opens before this time only; null: up to now
   */
  until: string | null;
}
export interface CandleSchema {
  close?: number;
  high?: number;
  low?: number;
  open?: number;
  /**
   * Open of the candle, UTC
   */
  timestamp?: string;
  /**
   * In the source's unit, the base coin as a rule
   */
  volume?: number;
}
export interface JoinedPrediction {
  interval?: string;
  /**
   * 0: nothing has happened yet
   */
  last_seq: number;
  /**
   * The last forecast of the series; null: none yet. Not in the room of a request
   */
  latest?: PredictionUpdate | null;
  request_id?: string;
  room: string;
  ticker?: string;
}
export interface PredictionUpdate {
  /**
   * Depends on the type
   */
  data: {
    [k: string]: unknown;
  };
  interval: string;
  /**
   * The forecast it concerns; null: none alone
   */
  request_id: string | null;
  /**
   * From 1, by 1, no hole, no repeat
   */
  seq: number;
  ticker: string;
  timestamp: string;
  type: "predicted" | "scored" | "model_unavailable" | "drifted";
}
export interface JoinedTraining {
  last_seq: number;
  room: string;
  session: SessionSchema;
  session_id: string;
}
export interface SessionSchema {
  attempt?: number;
  /**
   * The naive forecast, same rows
   */
  baseline?: {
    [k: string]: unknown;
  } | null;
  created_at?: string;
  error?: FailureSchema | null;
  finished_at?: string | null;
  interval: string;
  last_seq: number;
  /**
   * On the test part, scored once
   */
  metrics?: {
    [k: string]: unknown;
  } | null;
  model_id?: string | null;
  model_type: string;
  params?: {
    [k: string]: unknown;
  };
  progress?: ProgressSchema;
  queue_position?: number | null;
  room: string;
  session_id: string;
  stage?:
    | "data_fetching"
    | "preprocessing"
    | "feature_engineering"
    | "model_building"
    | "training"
    | "evaluating"
    | "exporting"
    | null;
  started_at?: string | null;
  status: "PENDING" | "IN_PROGRESS" | "COMPLETED" | "FAILED" | "CANCELLED";
  ticker: string;
}
export interface FailureSchema {
  details?: {
    [k: string]: unknown;
  };
  error_code: string;
  message: string;
}
export interface ProgressSchema {
  epoch?: number;
  eta_seconds?: number | null;
  percentage?: number;
  total_epochs?: number;
}
export interface LeavePrediction {
  /**
   * Needed with `ticker`
   */
  interval?: "1m" | "5m" | "15m" | "30m" | "1h" | "4h" | "1d";
  /**
   * The room of one forecast; it may be joined before the request
   */
  request_id?: string;
  /**
   * With `interval`: all forecasts of a series
   */
  ticker?: string;
}
export interface LeaveTraining {
  session_id: string;
}
export interface LeftMarket {
  /**
   * Length of a candle
   */
  interval: "1m" | "5m" | "15m" | "30m" | "1h" | "4h" | "1d";
  room: string;
  /**
   * BASE-QUOTE in upper case
   */
  ticker: string;
}
export interface LeftPrediction {
  interval?: string;
  request_id?: string;
  room: string;
  ticker?: string;
}
export interface LeftTraining {
  room: string;
  session_id: string;
}
export interface MarketUpdate {
  candle: CandleSchema;
  closed: boolean;
  /**
   * Length of a candle
   */
  interval: "1m" | "5m" | "15m" | "30m" | "1h" | "4h" | "1d";
  /**
   * Rises; a later one replaces an earlier one
   */
  seq: number;
  /**
   * BASE-QUOTE in upper case
   */
  ticker: string;
}
export interface DriftedData {
  /**
   * Live figures beside those of the naive forecast
   */
  figures: {
    [k: string]: unknown;
  };
  model_id: string;
  model_type: string;
  /**
   * Which figures, in words; empty when recovered
   */
  reason: string;
  /**
   * The figures are back within their band
   */
  recovered: boolean;
  /**
   * When they were first found out of it
   */
  since: string;
  version: number;
}
export interface ModelUnavailableData {
  error_code: string;
  message: string;
  model_id: string;
  model_type: string;
  version: number;
}
export interface PredictedData {
  baseline: NaiveStepSchema[];
  generated_at: string;
  interval: string;
  model: ServedModelSchema;
  model_id: string;
  origin: OriginSchema;
  predictions: StepSchema[];
  request_id: string;
  ticker: string;
  warnings: WarningSchema[];
}
export interface NaiveStepSchema {
  predicted_price: number;
  step: number;
  timestamp: string;
}
export interface ServedModelSchema {
  coverage_80: number | null;
  coverage_95: number | null;
  horizon: number;
  model_type: "CNN" | "LSTM" | "CNN-LSTM" | "LSTM-CNN";
  /**
   * 1 - RMSE / RMSE of naive
   */
  skill: number | null;
  status: "candidate" | "active" | "archived";
  /**
   * Open of the last candle of its data
   */
  trained_until: string;
  version: number;
}
export interface OriginSchema {
  close: number;
  /**
   * Its open, UTC
   */
  timestamp: string;
}
export interface StepSchema {
  /**
   * Share of calibration outcomes on the forecast's side of the last close
   */
  confidence_score: number | null;
  lower_80: number;
  lower_95: number;
  predicted_price: number;
  step: number;
  /**
   * Open of the candle whose close is forecast, UTC
   */
  timestamp: string;
  upper_80: number;
  upper_95: number;
}
export interface WarningSchema {
  code: string;
  message: string;
  [k: string]: unknown;
}
export interface ScoredData {
  horizon: number;
  model_id: string;
  /**
   * Open of the last candle that the forecast saw
   */
  origin: string;
  /**
   * Steps known by now
   */
  settled_steps: number;
  steps: ScoredStep[];
}
export interface ScoredStep {
  actual: number;
  /**
   * The candle was corrected, and an earlier score with it
   */
  corrected: boolean;
  error: number;
  inside_80: boolean;
  inside_95: boolean;
  /**
   * Of the naive forecast
   */
  naive_error: number;
  predicted_price: number;
  step: number;
  /**
   * Open of the candle whose close was forecast
   */
  timestamp: string;
}
export interface TrainingProgress {
  batch: number;
  batches: number;
  epoch: number;
  loss: number | null;
  progress: number;
  session_id: string;
  timestamp: string;
  total_epochs: number;
}
export interface TrainingUpdate {
  /**
   * Depends on the type
   */
  data: {
    [k: string]: unknown;
  };
  /**
   * Percent, 0 to 100
   */
  progress: number;
  /**
   * From 1, by 1, no hole, no repeat
   */
  seq: number;
  session_id: string;
  stage:
    | "data_fetching"
    | "preprocessing"
    | "feature_engineering"
    | "model_building"
    | "training"
    | "evaluating"
    | "exporting"
    | null;
  timestamp: string;
  type: "queued" | "started" | "stage" | "epoch" | "evaluated" | "completed" | "failed" | "cancelled" | "requeued";
}
export interface CancelledData {
  epoch: number;
}
export interface CompletedData {
  baseline: {
    [k: string]: unknown;
  };
  best_epoch: number;
  epochs: number;
  metrics: {
    [k: string]: unknown;
  };
  model: RegisteredModel;
  model_id: string;
}
export interface RegisteredModel {
  reason: string;
  status: "candidate" | "active" | "archived";
  version: number;
}
export interface EpochData {
  epoch: number;
  eta_seconds: number;
  learning_rate: number;
  loss: number;
  mae: number;
  seconds: number;
  total_epochs: number;
  val_loss: number;
  val_mae: number;
}
export interface EvaluatedData {
  baseline: {
    [k: string]: unknown;
  };
  metrics: {
    [k: string]: unknown;
  };
}
export interface QueuedData {
  queue_position: number;
}
export interface RequeuedData {
  attempt: number;
  epoch: number;
  reason: "worker_lost" | "worker_shutdown";
}
export interface StageData {
  stage:
    | "data_fetching"
    | "preprocessing"
    | "feature_engineering"
    | "model_building"
    | "training"
    | "evaluating"
    | "exporting";
}
export interface StartedData {
  attempt: number;
  resumed_from_epoch?: number;
  worker: string;
}
