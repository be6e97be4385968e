import { useSyncExternalStore } from "react";

import type { SeriesName } from "@/api/predictionsApi";

import { MarketRoom, type MarketState, NOT_JOINED } from "./marketRoom";

const rooms = new Map<string, MarketRoom>();
const NO_ROOM = { subscribe: () => () => undefined, snapshot: () => NOT_JOINED };

function roomOf({ ticker, interval }: SeriesName): MarketRoom {
  const key = `${ticker} ${interval}`;
  const found = rooms.get(key) ?? new MarketRoom({ ticker, interval }, () => rooms.delete(key));
  rooms.set(key, found);
  return found;
}

/** What the room of a series has told so far, without joining it. */
export function toldOf({ ticker, interval }: SeriesName): MarketState {
  return rooms.get(`${ticker} ${interval}`)?.snapshot() ?? NOT_JOINED;
}

/**
 * A series' live candle and its backfill as they happen. All components that show the same one share its room;
 * where nothing happens, none need be joined.
 */
export function useMarketRoom(series: SeriesName, joined = true): MarketState {
  const room = joined ? roomOf(series) : NO_ROOM;
  return useSyncExternalStore(room.subscribe, room.snapshot);
}
