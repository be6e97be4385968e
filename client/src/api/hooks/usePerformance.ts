import { keepPreviousData, useQuery } from "@tanstack/react-query";

import { keys } from "../keys";
import { type PerformanceQuery, predictionsApi } from "../predictionsApi";

/** What live forecasts were worth, beside the naive forecast on the same rows. */
export function usePerformance(query: PerformanceQuery) {
  return useQuery({
    queryKey: keys.performance(query),
    queryFn: () => predictionsApi.performance(query),
    staleTime: 60_000,
    placeholderData: keepPreviousData,
  });
}
