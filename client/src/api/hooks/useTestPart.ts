import { keepPreviousData, useQuery } from "@tanstack/react-query";

import { keys } from "../keys";
import { testPart } from "../testPart";

/** Predicted and actual prices of a model's test part; it was scored once, so it never changes. */
export function useTestPart(modelId: string, step: number, limit: number) {
  return useQuery({
    queryKey: keys.testPart(modelId, step, limit),
    queryFn: () => testPart(modelId, step, limit),
    staleTime: Infinity,
    placeholderData: keepPreviousData,
  });
}
