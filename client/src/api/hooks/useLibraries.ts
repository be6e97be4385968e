import { useQuery } from "@tanstack/react-query";

import { keys } from "../keys";
import { modelsApi } from "../modelsApi";

/** The versions that a model was trained with; they never change. */
export function useLibraries(modelId: string) {
  return useQuery({
    queryKey: keys.libraries(modelId),
    queryFn: () => modelsApi.libraries(modelId),
    staleTime: Infinity,
  });
}
