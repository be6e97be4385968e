import { useMutation, useQueryClient } from "@tanstack/react-query";

import { keys } from "../keys";
import { marketApi } from "../marketApi";

/** End a backfill; what it has stored stays. */
export function useCancelJob() {
  const queries = useQueryClient();
  return useMutation({
    mutationFn: (jobId: string) => marketApi.cancelJob(jobId),
    onSettled: () => queries.invalidateQueries({ queryKey: keys.jobs }),
  });
}
