import { useMutation, useQueryClient } from "@tanstack/react-query";

import { type ForecastRequest, predictionsApi } from "../predictionsApi";

/** Forecast from the newest candle, now. */
export function useMakeForecast() {
  const queries = useQueryClient();
  return useMutation({
    mutationFn: (body: ForecastRequest) => predictionsApi.forecast(body),
    onSuccess: () => queries.invalidateQueries({ queryKey: ["forecast", "list"] }),
  });
}
