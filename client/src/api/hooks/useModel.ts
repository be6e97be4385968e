import { useQuery } from "@tanstack/react-query";

import { keys } from "../keys";
import { modelsApi } from "../modelsApi";

const EVERY_MS = 15_000;

/** Everything about one model; its status and its flags may change at any time. */
export function useModel(modelId: string) {
  return useQuery({
    queryKey: keys.model(modelId),
    queryFn: () => modelsApi.one(modelId),
    refetchInterval: EVERY_MS,
  });
}
