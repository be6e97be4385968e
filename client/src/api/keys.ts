/** Names under which answers are kept, in one place, so that what changes can be marked as old. */
export const keys = {
  series: ["market", "series"] as const,
  candles: (query: object) => ["market", "candles", query] as const,
  running: ["train", "running"] as const,
  history: (query: object) => ["train", "history", query] as const,
  testPart: (modelId: string, step: number, limit: number) =>
    ["models", "test-part", modelId, step, limit] as const,
  session: (sessionId: string) => ["train", "session", sessionId] as const,
  gaps: (series: object) => ["market", "gaps", series] as const,
  followed: ["market", "followed"] as const,
  indicators: (query: object) => ["market", "indicators", query] as const,
  forecasts: (query: object) => ["forecast", "list", query] as const,
  forecast: (requestId: string) => ["forecast", "one", requestId] as const,
  performance: (query: object) => ["forecast", "performance", query] as const,
  servedModels: (series: object) => ["models", "served", series] as const,
  health: ["system", "health"] as const,
  metrics: ["system", "metrics"] as const,
  models: (query: object) => ["models", "list", query] as const,
  model: (modelId: string) => ["models", "one", modelId] as const,
  libraries: (modelId: string) => ["models", "libraries", modelId] as const,
  activations: (query: object) => ["models", "activations", query] as const,
  events: (sessionId: string) => ["train", "events", sessionId] as const,
};
