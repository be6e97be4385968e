import { candleSeconds, INTERVAL_SECONDS } from "@/api/intervals";

const ENOUGH_POINTS = 1500;

/** The interval in which a whole series is drawn with few enough points; undefined: its own. */
export function drawnInterval(interval: string, rows: number): string | undefined {
  if (rows <= ENOUGH_POINTS) return undefined;
  const own = candleSeconds(interval);
  const coarser = Object.entries(INTERVAL_SECONDS).filter(([, seconds]) => seconds > own);
  return (coarser.find(([, seconds]) => (rows * own) / seconds <= ENOUGH_POINTS) ?? coarser.at(-1))?.[0];
}
