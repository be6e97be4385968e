import type { QueryClient } from "@tanstack/react-query";

import { candleSeconds } from "./intervals";
import { keys } from "./keys";
import type { SeriesName } from "./predictionsApi";
import type { Candle, Series } from "./types";

const OF_SERIES = [keys.candles, keys.gaps, keys.quality, keys.indicators];

/** Ask anew for what is shown of a series, and once for the list that it is in, however many ask for that. */
export function refreshSeries(queries: QueryClient, { ticker, interval }: SeriesName): void {
  for (const key of OF_SERIES) void queries.invalidateQueries({ queryKey: key({ ticker, interval }) });
  void queries.invalidateQueries({ queryKey: keys.series }, { cancelRefetch: false });
}

/**
 * After candles of a series have ended, which its room has told: the list learns of them without a request. What is
 * computed from candles is asked for anew; where one lies between that nobody told of, all of the series is.
 */
export function noteEnded(
  queries: QueryClient,
  { ticker, interval }: SeriesName,
  ended: readonly Candle[],
): void {
  void queries.invalidateQueries(
    { queryKey: keys.indicators({ ticker, interval }) },
    { cancelRefetch: false },
  );
  const list = queries.getQueryData<Series[]>(keys.series);
  const series = list?.find((each) => each.ticker === ticker && each.interval === interval);
  if (!list || !series) {
    void queries.invalidateQueries({ queryKey: keys.series }, { cancelRefetch: false });
    return;
  }
  const newer = ended.filter(({ timestamp }) => timestamp > series.last);
  const last = newer.at(-1)?.timestamp;
  if (last === undefined) return;
  const grown = { ...series, rows: series.rows + newer.length, last };
  // As old as it was: what this message does not tell is still asked for in time.
  const updatedAt = queries.getQueryState(keys.series)?.dataUpdatedAt;
  const changed = list.map((each) => (each === series ? grown : each));
  queries.setQueryData(keys.series, changed, { updatedAt: updatedAt ?? 0 });
  if (leavesGap(series.last, last, newer.length, interval)) refreshSeries(queries, { ticker, interval });
}

/** Whether so many candles are fewer than what lies between. */
function leavesGap(before: string, last: string, candles: number, interval: string): boolean {
  return (Date.parse(last) - Date.parse(before)) / 1000 > candles * candleSeconds(interval);
}
