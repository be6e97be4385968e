import { useQuery } from "@tanstack/react-query";

import { keys } from "../keys";
import { systemApi } from "../systemApi";

const EVERY_MS = 5000;

/** The server's own counters as text, asked again and again. */
export function useMetrics() {
  return useQuery({
    queryKey: keys.metrics,
    queryFn: async () => ({ text: await systemApi.metrics(), at: Date.now() }),
    refetchInterval: EVERY_MS,
    retry: false,
  });
}
