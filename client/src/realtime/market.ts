import type { MarketJob } from "@/api/marketApi";
import type { Messages } from "@/api/messages";
import type { Answer, Candle } from "@/api/types";

export type MarketUpdate = Answer<Messages["market_update"]>;
export type JoinedMarket = Omit<Answer<Messages["joined_market"]>, "job"> & { job: MarketJob | null };

/** What a room has told of its series. Each message carries the whole state: one that is missed is made up for. */
export interface LiveMarket {
  /** The newest candle as it stands, growing or ended; null until one is known. */
  candle: Candle | null;
  /** Whether that candle has ended. */
  closed: boolean;
  /** The last candle that had ended on joining, and those that ended since; oldest first. */
  ended: readonly Candle[];
  /** The number of the last update. */
  seq: number;
  /** When an update last came, in milliseconds since 1970; null: none yet. */
  heardAt: number | null;
  /** The backfill that was told of last. */
  job: MarketJob | null;
}

export const NO_MARKET: LiveMarket = {
  candle: null,
  closed: true,
  ended: [],
  seq: 0,
  heardAt: null,
  job: null,
};

/** What is kept of ended candles; older ones are stored and asked for. */
export const KEPT_ENDED = 500;

/** After a candle grew or ended; an update that was overtaken by a later one changes nothing. */
export function withUpdate(
  market: LiveMarket,
  { seq, candle, closed }: MarketUpdate,
  now: number,
): LiveMarket {
  if (seq <= market.seq) return market;
  const newest = market.candle === null || candle.timestamp >= market.candle.timestamp;
  return {
    ...market,
    seq,
    heardAt: now,
    ...(newest ? { candle, closed } : {}),
    ...(closed ? { ended: withCandle(market.ended, candle).slice(-KEPT_ENDED) } : {}),
  };
}

/** After a backfill moved on; of two messages the higher number counts. */
export function withJob(market: LiveMarket, job: MarketJob): LiveMarket {
  return { ...market, job: newerJob(market.job, job) };
}

/** After joining, where what was stored and what runs is told. */
export function withJoined(market: LiveMarket, { latest, job }: JoinedMarket): LiveMarket {
  const told = job ? withJob(market, job) : market;
  const newest = latest !== null && (market.candle === null || latest.timestamp > market.candle.timestamp);
  return newest ? { ...told, candle: latest, closed: true, ended: withCandle(told.ended, latest) } : told;
}

/** The later state of one job; of two different ones, `other`. */
export function newerJob(job: MarketJob | null, other: MarketJob): MarketJob {
  return job?.job_id === other.job_id && job.last_seq > other.last_seq ? job : other;
}

/** Candles with one more, in its place by time; one of the same time is replaced. */
export function withCandle(candles: readonly Candle[], candle: Candle): readonly Candle[] {
  const before = candles.findLastIndex(({ timestamp }) => timestamp < candle.timestamp) + 1;
  const same = candles[before]?.timestamp === candle.timestamp ? 1 : 0;
  return [...candles.slice(0, before), candle, ...candles.slice(before + same)];
}

/** Stored candles with what has ended since, as many as there were; the same array when there is nothing new. */
export function continued(stored: readonly Candle[], ended: readonly Candle[]): readonly Candle[] {
  const last = stored.at(-1);
  if (!last) return stored;
  const newer = ended.filter(({ timestamp }) => timestamp > last.timestamp);
  return newer.length === 0 ? stored : [...stored, ...newer].slice(-stored.length);
}
