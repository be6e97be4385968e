import { keepPreviousData, useQuery } from "@tanstack/react-query";

import type { HistoryQuery } from "../client";
import { api } from "../fetchClient";
import { keys } from "../keys";

const RUNNING_MS = 3000;
const QUIET_MS = 15_000;

/** A page of all sessions; asked again soon while one of them waits or runs. */
export function useHistory(query: HistoryQuery) {
  return useQuery({
    queryKey: keys.history(query),
    queryFn: () => api.history(query),
    placeholderData: keepPreviousData,
    refetchInterval: ({ state }) =>
      state.data?.sessions.some(({ finished_at }) => finished_at === null) ? RUNNING_MS : QUIET_MS,
  });
}
