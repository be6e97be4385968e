import type { QueryClient } from "@tanstack/react-query";

import { keys } from "./keys";
import type { SeriesName } from "./predictionsApi";

const OF_SERIES = [keys.candles, keys.gaps, keys.quality, keys.indicators];

/** Ask anew for what is shown of a series, and for the list that it is in. */
export function refreshSeries(queries: QueryClient, { ticker, interval }: SeriesName): void {
  for (const key of OF_SERIES) void queries.invalidateQueries({ queryKey: key({ ticker, interval }) });
  void queries.invalidateQueries({ queryKey: keys.series });
}
