import { useQuery } from "@tanstack/react-query";

import { keys } from "../keys";
import { marketApi } from "../marketApi";

const LISTED = 8;
// What a running one does is told by its room; this finds those that others have started.
const EVERY_MS = 10_000;

/** The last backfills, newest first. */
export function useJobs() {
  return useQuery({ queryKey: keys.jobs, queryFn: () => marketApi.jobs(LISTED), refetchInterval: EVERY_MS });
}
