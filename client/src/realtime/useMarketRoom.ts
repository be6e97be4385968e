import { useSyncExternalStore } from "react";

import type { SeriesName } from "@/api/predictionsApi";

import { MarketRoom, type MarketState } from "./marketRoom";

const rooms = new Map<string, MarketRoom>();

function roomOf({ ticker, interval }: SeriesName): MarketRoom {
  const key = `${ticker} ${interval}`;
  const found = rooms.get(key) ?? new MarketRoom({ ticker, interval }, () => rooms.delete(key));
  rooms.set(key, found);
  return found;
}

/** A series' live candle and its backfill as they happen. All components that show the same one share its room. */
export function useMarketRoom(series: SeriesName): MarketState {
  const room = roomOf(series);
  return useSyncExternalStore(room.subscribe, room.snapshot);
}
