import { useQuery } from "@tanstack/react-query";

import { api } from "../fetchClient";
import { keys } from "../keys";

const EVERY_MS = 3000;

/** Sessions that wait or run, against the limit: also those that others have started. */
export function useRunning() {
  return useQuery({ queryKey: keys.running, queryFn: () => api.running(), refetchInterval: EVERY_MS });
}
