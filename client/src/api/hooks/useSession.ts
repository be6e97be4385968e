import { useQuery } from "@tanstack/react-query";

import { api } from "../fetchClient";
import { keys } from "../keys";

const EVERY_MS = 2000;

/** A session's status document. While it waits it is asked again: nothing tells that the queue moved. */
export function useSession(sessionId: string) {
  return useQuery({
    queryKey: keys.session(sessionId),
    queryFn: () => api.session(sessionId),
    refetchInterval: ({ state }) => (state.data?.status === "PENDING" ? EVERY_MS : false),
  });
}
