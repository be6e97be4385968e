import { useMutation, useQuery, useQueryClient } from "@tanstack/react-query";

import { keys } from "../keys";
import { systemApi } from "../systemApi";

const EVERY_MS = 5000;

/** What is done again and again, and how the last run of each ended. */
export function useSchedules() {
  return useQuery({
    queryKey: keys.schedules,
    queryFn: () => systemApi.schedules(),
    refetchInterval: EVERY_MS,
    retry: false,
  });
}

/** Run one now. */
export function useRunSchedule() {
  const queries = useQueryClient();
  return useMutation({
    mutationFn: (name: string) => systemApi.runSchedule(name),
    onSettled: () => queries.invalidateQueries({ queryKey: keys.schedules }),
  });
}
