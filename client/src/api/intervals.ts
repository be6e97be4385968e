/** Seconds of each candle length. */
export const INTERVAL_SECONDS: Readonly<Record<string, number>> = {
  "1m": 60,
  "5m": 300,
  "15m": 900,
  "30m": 1800,
  "1h": 3600,
  "4h": 14_400,
  "1d": 86_400,
};

export const INTERVALS = Object.keys(INTERVAL_SECONDS);

/** Seconds of a candle of this length; of an hour where the length is not known. */
export function candleSeconds(interval: string): number {
  return INTERVAL_SECONDS[interval] ?? 3600;
}
