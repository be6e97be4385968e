import type {
  Candles,
  History,
  Running,
  Series,
  Session,
  StartTraining,
  TrainingEvent,
  TrainingStarted,
} from "./types";

export interface HistoryQuery {
  ticker?: string;
  interval?: string;
  model_type?: string;
  status?: string;
  /** A column, with `-` before it the largest first; the newest first when left out. */
  sort?: string;
  page?: number;
  page_size?: number;
}

export interface CandlesQuery {
  ticker: string;
  interval: string;
  start?: string;
  end?: string;
  limit?: number;
  resample?: string;
}

/** Everything that a screen can ask of the server about trainings and candles. Fails with ApiError. */
export interface TrainingApi {
  startTraining(body: StartTraining, idempotencyKey: string): Promise<TrainingStarted>;
  session(sessionId: string): Promise<Session>;
  events(sessionId: string, after?: number): Promise<TrainingEvent[]>;
  cancel(sessionId: string): Promise<Session>;
  running(): Promise<Running>;
  history(query: HistoryQuery): Promise<History>;
  series(): Promise<Series[]>;
  candles(query: CandlesQuery): Promise<Candles>;
}
