import { keepPreviousData, useQuery } from "@tanstack/react-query";

import { keys } from "../keys";
import { type KindQuery, modelsApi } from "../modelsApi";

const EVERY_MS = 15_000;

/** Which model became active when, newest first. */
export function useActivations(query: KindQuery) {
  return useQuery({
    queryKey: keys.activations(query),
    queryFn: () => modelsApi.activations(query),
    placeholderData: keepPreviousData,
    refetchInterval: EVERY_MS,
  });
}
