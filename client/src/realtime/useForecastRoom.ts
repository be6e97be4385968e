import { type QueryClient, useQueryClient } from "@tanstack/react-query";
import { useState, useSyncExternalStore } from "react";

import { keys } from "@/api/keys";
import type { ForecastEvent, SeriesName } from "@/api/predictionsApi";

import { ForecastStream, type RoomState } from "./forecastStream";

/**
 * Every forecast of a series, and every score, as it happens. What is shown of them elsewhere is asked
 * anew. Mount it anew (`key`) for another series.
 */
export function useForecastRoom(series: SeriesName): RoomState {
  const queries = useQueryClient();
  const [stream] = useState(() => new ForecastStream(series, (events) => refresh(queries, events)));
  return useSyncExternalStore(stream.subscribe, stream.snapshot);
}

function refresh(queries: QueryClient, events: readonly ForecastEvent[]): void {
  const outdate = (queryKey: readonly unknown[]) => void queries.invalidateQueries({ queryKey });
  outdate(["forecast", "list"]);
  outdate(["forecast", "performance"]);
  // A forecast begins at the newest candle, and a score needs one: so there may be a new one.
  outdate(["market", "candles"]);
  for (const { type, request_id: id } of events) {
    if (type === "scored" && id) outdate(keys.forecast(id));
    if (type === "drifted" || type === "model_unavailable") outdate(["models"]);
  }
}
