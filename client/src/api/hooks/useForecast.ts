import { keepPreviousData, useQuery } from "@tanstack/react-query";

import { keys } from "../keys";
import { predictionsApi } from "../predictionsApi";

/** One stored forecast beside what came true; `null` asks for nothing. */
export function useForecast(requestId: string | null) {
  return useQuery({
    queryKey: keys.forecast(requestId ?? ""),
    queryFn: () => predictionsApi.stored(requestId!),
    enabled: requestId !== null,
    // A score of it comes through the room, and marks it as old.
    staleTime: 60_000,
    placeholderData: keepPreviousData,
  });
}
