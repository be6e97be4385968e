import { keepPreviousData, useQuery } from "@tanstack/react-query";

import { keys } from "../keys";
import { type ForecastsQuery, predictionsApi } from "../predictionsApi";

/** Stored forecasts of a series, newest first; the series' room says when there are more. */
export function useForecasts(query: ForecastsQuery) {
  return useQuery({
    queryKey: keys.forecasts(query),
    queryFn: () => predictionsApi.forecasts(query),
    placeholderData: keepPreviousData,
  });
}
