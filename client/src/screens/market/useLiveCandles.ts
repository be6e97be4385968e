import { useQueryClient } from "@tanstack/react-query";
import { useEffect, useMemo } from "react";

import { useCandles } from "@/api/hooks/useCandles";
import { noteEnded, refreshSeries } from "@/api/refresh";
import type { SeriesName } from "@/api/predictionsApi";
import type { Candle } from "@/api/types";
import { continued } from "@/realtime/market";
import type { MarketState } from "@/realtime/marketRoom";
import { useMarketRoom } from "@/realtime/useMarketRoom";

export interface LiveCandles {
  query: ReturnType<typeof useCandles>;
  room: MarketState;
  /** Candles that have ended, oldest first; undefined before they are here. */
  candles: readonly Candle[] | undefined;
  /** The candle that is still open; null while none is known. */
  open: Candle | null;
}

/** The last candles of a series; where it is `live`, going on as they end, and the open one as it moves. */
export function useLiveCandles({ ticker, interval }: SeriesName, limit: number, live = true): LiveCandles {
  const query = useCandles({ ticker, interval, limit });
  const room = useMarketRoom({ ticker, interval }, live);
  const stored = query.data?.candles;
  const candles = useMemo(() => stored && continued(stored, room.ended), [stored, room.ended]);
  const last = candles?.at(-1);
  const open = room.candle !== null && !room.closed && (!last || room.candle.timestamp > last.timestamp);
  useFreshness({ ticker, interval }, room);
  return { query, room, candles, open: open ? room.candle : null };
}

/** What was stored meanwhile is shown: asked for after a lost connection, told of where a candle has ended. */
function useFreshness({ ticker, interval }: SeriesName, { joins, ended }: MarketState): void {
  const queries = useQueryClient();
  useEffect(() => {
    // Of this series alone: each of those that are shown has lost its room.
    if (joins > 1) refreshSeries(queries, { ticker, interval });
  }, [queries, ticker, interval, joins]);
  useEffect(() => {
    if (ended.length > 0) noteEnded(queries, { ticker, interval }, ended);
  }, [queries, ticker, interval, ended]);
}
