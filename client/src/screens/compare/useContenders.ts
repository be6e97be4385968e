import { useQueries, type UseQueryResult } from "@tanstack/react-query";

import { type Contender, find, type Found, lettered } from "./contenders";

const EVERY_MS = 3000;

interface Contenders {
  contenders: readonly Contender[];
  pending: boolean;
  failures: readonly { error: Error; retry: () => void }[];
}

/** Sessions and models by their ids; those that still train are asked for again. */
export function useContenders(ids: readonly string[]): Contenders {
  return useQueries({
    queries: ids.map((id) => ({
      queryKey: ["compared", id],
      queryFn: () => find(id),
      refetchInterval: ({ state }: { state: { data?: Found | undefined } }) =>
        state.data && !state.data.ended ? EVERY_MS : (false as const),
    })),
    combine,
  });
}

// Outside of the hook: the same answers then are the same contenders, and no chart is drawn anew.
function combine(answers: UseQueryResult<Found>[]): Contenders {
  return {
    contenders: lettered(answers.flatMap(({ data }) => data ?? [])),
    pending: answers.some(({ isPending }) => isPending),
    failures: answers.flatMap(({ error, refetch }) =>
      error ? [{ error, retry: () => void refetch() }] : [],
    ),
  };
}
