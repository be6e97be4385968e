import { keepPreviousData, useQuery } from "@tanstack/react-query";

import { keys } from "../keys";
import { modelsApi, type ModelsQuery } from "../modelsApi";

const EVERY_MS = 15_000;

/** A page of the registry, kept current: others train and activate too. */
export function useModels(query: ModelsQuery) {
  return useQuery({
    queryKey: keys.models(query),
    queryFn: () => modelsApi.list(query),
    placeholderData: keepPreviousData,
    refetchInterval: EVERY_MS,
  });
}
