import { useQuery } from "@tanstack/react-query";

import { keys } from "../keys";
import { type ModelsQuery, predictionsApi } from "../predictionsApi";

/** The models of a series, or all that are in service: the active ones first, the best of them leading. */
export function useServedModels(query: ModelsQuery) {
  return useQuery({
    queryKey: keys.servedModels(query),
    queryFn: () => predictionsApi.models(query),
    staleTime: 30_000,
  });
}
