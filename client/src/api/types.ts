import type { components } from "./schema";
import type { Messages } from "./messages";
import type { Report, Baseline } from "./report";

type Schemas = components["schemas"];

/** The server sends every field of an answer; its document marks only a body's fields as required. */
export type Answer<T> = T extends (infer Item)[]
  ? Answer<Item>[]
  : T extends object
    ? { [Key in keyof T]-?: Answer<Exclude<T[Key], undefined>> }
    : T;

/** A schema of the OpenAPI document by its name, as an answer. */
export type Schema<Name extends keyof Schemas> = Answer<Schemas[Name]>;

export type StartTraining = Schemas["StartTraining"];
export type ModelType = StartTraining["model_type"];
export type TrainingStarted = Schema<"TrainingStarted">;
export type SessionStatus = Schema<"Session">["status"];
export type Stage = Exclude<Schema<"Session">["stage"], null>;
export type Failure = Schema<"Failure">;
export type Series = Schema<"Series">;
export type Candle = Schema<"Candle">;
export type Candles = Schema<"Candles">;

/** Parameters of a session: what was asked for, its range pinned to stored candles. */
export interface TrainingParams {
  lookback: number;
  horizon: number;
  epochs: number;
  batch_size: number;
  learning_rate: number;
  patience: number | null;
  seed: number | null;
  start_date: string;
  end_date: string;
}

export type Session = Omit<Schema<"Session">, "metrics" | "baseline" | "params"> & {
  metrics: Report | null;
  baseline: Baseline | null;
  params: TrainingParams;
};

export type Running = Omit<Schema<"Running">, "sessions"> & { sessions: Session[] };
export type History = Omit<Schema<"History">, "sessions"> & { sessions: Session[] };

/** One numbered event of a session's log, its `data` known by its `type`. */
export type TrainingEvent = {
  [Type in TrainingEventType]: Omit<Messages["training_update"], "type" | "data"> & {
    type: Type;
    data: EventData<Type>;
  };
}[TrainingEventType];

export type TrainingEventType = Messages["training_update"]["type"];
type EventData<Type extends TrainingEventType> = Type extends "evaluated" | "completed"
  ? Omit<Messages[`training_update.${Type}`], "metrics" | "baseline"> & {
      metrics: Report;
      baseline: Baseline;
    }
  : Messages[`training_update.${Type}`];

export type TrainingProgress = Messages["training_progress"];
export type Epoch = Messages["training_update.epoch"];
