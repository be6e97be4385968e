import type { TrainingApi } from "./client";
import { request } from "./request";
import type { Candles, History, Running, Series, Session, TrainingEvent, TrainingStarted } from "./types";

/** The API over HTTP. */
export const api: TrainingApi = {
  startTraining: (body, idempotencyKey) =>
    request<TrainingStarted>("POST", "/train", { body, headers: { "Idempotency-Key": idempotencyKey } }),
  session: (sessionId) => request<Session>("GET", `/train/${sessionId}/status`),
  events: async (sessionId, after = 0) =>
    (await request<{ events: TrainingEvent[] }>("GET", `/train/${sessionId}/events`, { query: { after } }))
      .events,
  cancel: (sessionId) => request<Session>("DELETE", `/train/${sessionId}/cancel`),
  running: () => request<Running>("GET", "/train/running"),
  history: (query) => request<History>("GET", "/train", { query }),
  series: async () => (await request<{ tickers: Series[] }>("GET", "/market/tickers")).tickers,
  candles: (query) => request<Candles>("GET", "/market/candles", { query }),
};
