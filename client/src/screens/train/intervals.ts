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

const ENOUGH_POINTS = 1500;

/** The interval in which a whole series is drawn with few enough points; undefined: its own. */
export function drawnInterval(interval: string, rows: number): string | undefined {
  const own = INTERVAL_SECONDS[interval] ?? 3600;
  if (rows <= ENOUGH_POINTS) return undefined;
  const coarser = Object.entries(INTERVAL_SECONDS).filter(([, seconds]) => seconds > own);
  return (coarser.find(([, seconds]) => (rows * own) / seconds <= ENOUGH_POINTS) ?? coarser.at(-1))?.[0];
}
