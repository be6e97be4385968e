import { useMutation, useQuery, useQueryClient } from "@tanstack/react-query";

import { keys } from "../keys";
import { marketApi } from "../marketApi";
import type { SeriesName } from "../predictionsApi";

/** Series that are forecast on each closed candle. */
export function useFollowed() {
  return useQuery({ queryKey: keys.followed, queryFn: () => marketApi.followed(), staleTime: 30_000 });
}

/** Follow a series, or no longer. */
export function useFollow(series: SeriesName) {
  const queries = useQueryClient();
  return useMutation({
    mutationFn: (follow: boolean) => (follow ? marketApi.follow(series) : marketApi.unfollow(series)),
    onSettled: () => queries.invalidateQueries({ queryKey: keys.followed }),
  });
}
