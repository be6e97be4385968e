import { QueryClient } from "@tanstack/react-query";

import { ApiError } from "./failure";

const ATTEMPTS = 3;
const AGAIN_MS = 5000;

/** Whether the server could not be reached, or not in working order: what it refuses it would refuse again. */
const isAway = (error: unknown) => error instanceof ApiError && (error.status === 0 || error.status >= 502);

/** The answers that this page has, each kept under its key; what could not be had is asked for until it comes. */
export function newQueries(): QueryClient {
  return new QueryClient({
    defaultOptions: {
      queries: {
        retry: (failed, error) => failed < ATTEMPTS && isAway(error),
        // It may come back at any time, and nobody should have to reload the page then.
        refetchInterval: ({ state }) => isAway(state.error) && AGAIN_MS,
        refetchOnWindowFocus: true,
        staleTime: 2000,
      },
    },
  });
}
