import { useQueryClient } from "@tanstack/react-query";
import { useCallback, useSyncExternalStore } from "react";

/** Whether something on the page is older than it should be: the server was asked for it anew, and did not answer. */
export function useOutdated(): boolean {
  const queries = useQueryClient().getQueryCache();
  const subscribe = useCallback((listener: () => void) => queries.subscribe(listener), [queries]);
  return useSyncExternalStore(subscribe, () =>
    queries
      .getAll()
      .some((query) => query.isActive() && query.state.status === "error" && query.state.data !== undefined),
  );
}
