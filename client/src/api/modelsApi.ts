import type { Baseline, Report } from "./report";
import { request } from "./request";
import type { Schema } from "./types";

/** The candles that a model was made of, and how they were divided. */
export interface ModelData extends Omit<Schema<"Data">, "parts"> {
  parts: Partial<Record<PartName, { origins: number; first: string; last: string }>>;
}
export type PartName = "train" | "validation" | "calibration" | "test";

/** Why a model cannot be served at present. */
export interface Fault {
  error_code: string;
  message: string;
}

/** Which live figures are out of band, in words, and since when. */
export interface Drift {
  since: string;
  reason: string;
}

interface Known {
  data: ModelData;
  fault: Fault | null;
  drift: Drift | null;
}

type Without = "metrics" | "baseline" | keyof Known;

/** A model of a list: its scores over all candles ahead, without those of each. */
export type Model = Omit<Schema<"Model">, Without> &
  Known & { metrics: Omit<Report, "steps">; baseline: Omit<Baseline, "steps"> };

export type ModelDetails = Omit<Schema<"ModelDetails">, Without | "spec" | "files"> &
  Known & {
    metrics: Report;
    baseline: Baseline;
    spec: Record<string, string | number | null>;
    files: Record<string, { sha256: string; bytes: number }>;
  };

export type ModelStatus = Model["status"];
export type Comparison = Exclude<Model["comparison"], null>;
export type Activation = Schema<"Activation">;

export interface KindQuery {
  ticker?: string;
  interval?: string;
  model_type?: string;
  page?: number;
  page_size?: number;
}

export interface ModelsQuery extends KindQuery {
  status?: string;
  /** A metric or a column, with `-` before it the largest first. */
  sort?: string;
}

export type Models = Omit<Schema<"Models">, "models"> & { models: Model[] };
export type Activations = Schema<"Activations">;

/** The registry of trained models. Each call fails with ApiError. */
export const modelsApi = {
  list: (query: ModelsQuery) => request<Models>("GET", "/models", { query }),
  one: (modelId: string) => request<ModelDetails>("GET", `/models/${modelId}`),
  activations: (query: KindQuery) => request<Activations>("GET", "/models/activations", { query }),
  activate: (modelId: string) => request<ModelDetails>("POST", `/models/${modelId}/activate`),
  remove: (modelId: string) => request<null>("DELETE", `/models/${modelId}`),
  libraries: async (modelId: string) =>
    (await request<{ libraries: Record<string, string> }>("GET", `/models/${modelId}/libraries`)).libraries,
  /** Where the model can be downloaded as one file. */
  exportAddress: (modelId: string) => `/api/v1/models/${modelId}/export`,
};
