import { INTERVALS } from "@/api/intervals";

/** What a file's name says of its candles: BTC-USD_1h.csv, eth_usdt-4h.csv. Nothing where it does not. */
export function seriesOf(name: string): { ticker?: string; interval?: string } {
  const parts = name.replace(/\.[a-z]+$/i, "");
  const pair = /(?:^|[^A-Za-z0-9])([A-Za-z0-9]{2,10})[-_]([A-Za-z]{3,5})(?![A-Za-z0-9])/.exec(parts);
  const interval = parts
    .split(/[^A-Za-z0-9]/)
    .map((part) => part.toLowerCase())
    .find((part) => INTERVALS.includes(part));
  return {
    ...(pair ? { ticker: `${pair[1]!}-${pair[2]!}`.toUpperCase() } : {}),
    ...(interval ? { interval } : {}),
  };
}
