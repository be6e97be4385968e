import { request } from "./request";
import type { Messages } from "./messages";
import type { Answer, ModelType, Schema } from "./types";

/** What to be wary of in a forecast; further keys depend on the code. */
export type Warning = Schema<"Warning"> & Record<string, unknown>;

export type Forecast = Omit<Schema<"Prediction">, "warnings"> & { warnings: Warning[] };
export type StoredStep = Schema<"StoredStep">;
export type StoredForecast = Omit<Schema<"StoredPrediction">, "warnings"> & { warnings: Warning[] };
export type ForecastLine = Omit<Schema<"Stored">, "warnings"> & { warnings: Warning[] };
export type ForecastList = Omit<Schema<"Predictions">, "predictions"> & { predictions: ForecastLine[] };
/** What live forecasts of one group were worth; fields that the group is not told apart by are absent. */
export type Figures = Schema<"Figures">;
export type ServedModel = Schema<"Model">;

/** A numbered event of the room of a series, its `data` known by its `type`. */
export type ForecastEvent = {
  [Type in Messages["prediction_update"]["type"]]: Omit<Messages["prediction_update"], "type" | "data"> & {
    type: Type;
    data: Type extends "predicted"
      ? Omit<Forecast, "last_seq">
      : Answer<Messages[`prediction_update.${Type}`]>;
  };
}[Messages["prediction_update"]["type"]];

export interface SeriesName {
  ticker: string;
  interval: string;
}

export interface ForecastRequest extends SeriesName {
  model_id?: string;
  model_type?: ModelType;
}

export interface ForecastsQuery extends SeriesName {
  model_id?: string | undefined;
  page_size: number;
}

export interface PerformanceQuery extends SeriesName {
  model_id?: string | undefined;
  group_by: string;
  include_hindcasts: boolean;
}

export interface ModelsQuery extends Partial<SeriesName> {
  status?: ServedModel["status"];
}

/** Forecasts, what came true of them, and the models that make them. Fails with ApiError. */
export const predictionsApi = {
  forecast: (body: ForecastRequest) => request<Forecast>("POST", "/predict", { body }),
  forecasts: (query: ForecastsQuery) => request<ForecastList>("GET", "/predictions", { query }),
  stored: (requestId: string) => request<StoredForecast>("GET", `/predictions/${requestId}`),
  performance: async (query: PerformanceQuery) =>
    (await request<{ groups: Figures[] }>("GET", "/predictions/performance", { query })).groups,
  /** Models, those in service first, and among them the best. */
  models: async (query: ModelsQuery) => {
    const { models } = await request<{ models: ServedModel[] }>("GET", "/models", {
      query: { ...query, sort: "-skill", page_size: 100 },
    });
    return models.toSorted((a, b) => Number(b.status === "active") - Number(a.status === "active"));
  },
};
