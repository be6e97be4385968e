import { keepPreviousData, useQuery } from "@tanstack/react-query";

import type { CandlesQuery } from "../client";
import { api } from "../fetchClient";
import { keys } from "../keys";

/** Candles of a range; `null` asks for nothing yet. */
export function useCandles(query: CandlesQuery | null) {
  return useQuery({
    queryKey: keys.candles(query ?? {}),
    queryFn: () => api.candles(query!),
    enabled: query !== null,
    staleTime: 60_000,
    placeholderData: keepPreviousData,
  });
}
