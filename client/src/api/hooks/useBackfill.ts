import { useMutation, useQueryClient } from "@tanstack/react-query";

import { keys } from "../keys";
import { type BackfillRequest, marketApi } from "../marketApi";

/** Ask for the candles of a series that are missing; another process fetches them. */
export function useBackfill() {
  const queries = useQueryClient();
  return useMutation({
    mutationFn: (wanted: BackfillRequest) => marketApi.backfill(wanted),
    onSuccess: () => queries.invalidateQueries({ queryKey: keys.jobs }),
  });
}
