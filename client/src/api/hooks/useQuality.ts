import { useQuery } from "@tanstack/react-query";

import { keys } from "../keys";
import { marketApi } from "../marketApi";
import type { SeriesName } from "../predictionsApi";

/** How good a series is: what is missing, filled or odd, and what a second exchange says. */
export function useQuality({ ticker, interval }: SeriesName) {
  const series = { ticker, interval };
  return useQuery({
    queryKey: keys.quality(series),
    queryFn: () => marketApi.quality(series),
    staleTime: 60_000,
  });
}
