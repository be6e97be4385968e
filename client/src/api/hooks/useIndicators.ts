import { keepPreviousData, useQuery } from "@tanstack/react-query";

import { keys } from "../keys";
import { type IndicatorsQuery, marketApi } from "../marketApi";

/** Technical indicators of the last candles; none chosen asks for nothing. */
export function useIndicators(query: IndicatorsQuery) {
  return useQuery({
    queryKey: keys.indicators(query),
    queryFn: () => marketApi.indicators(query),
    enabled: query.names !== "",
    staleTime: 60_000,
    placeholderData: keepPreviousData,
  });
}
