import { useQueries } from "@tanstack/react-query";

import { keys } from "../keys";
import { predictionsApi, type StoredForecast } from "../predictionsApi";

type Answers = readonly { data: StoredForecast | undefined }[];

// Outside of the hook, so that the same answers give the same array: the chart draws anew for another.
const thoseHere = (answers: Answers): StoredForecast[] =>
  answers.flatMap(({ data }) => (data === undefined ? [] : [data]));

/** Several stored forecasts, those that are here already. */
export function usePastForecasts(requestIds: readonly string[]): StoredForecast[] {
  return useQueries({
    queries: requestIds.map((id) => ({
      queryKey: keys.forecast(id),
      queryFn: () => predictionsApi.stored(id),
      staleTime: 60_000,
    })),
    combine: thoseHere,
  });
}
