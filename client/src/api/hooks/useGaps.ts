import { useQuery } from "@tanstack/react-query";

import { keys } from "../keys";
import { marketApi } from "../marketApi";
import type { SeriesName } from "../predictionsApi";

/** Candles that are missing between the first and the last of a series. */
export function useGaps({ ticker, interval }: SeriesName) {
  const series = { ticker, interval };
  return useQuery({
    queryKey: keys.gaps(series),
    queryFn: () => marketApi.gaps(series),
    staleTime: 5 * 60_000,
  });
}
