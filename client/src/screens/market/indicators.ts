import type { Indicators } from "@/api/marketApi";

export type IndicatorName = "sma" | "ema" | "bollinger" | "rsi" | "macd" | "volatility" | "atr";
type ValueName = keyof Indicators["values"];

export interface Drawn {
  value: ValueName;
  label: string;
  colour: string;
  dashed?: boolean;
  bars?: boolean;
}

export interface Indicator {
  name: IndicatorName;
  label: string;
  explained: string;
  /** In a part of the chart of its own, below the candles: its unit is not a price. */
  apart: boolean;
  drawn: readonly Drawn[];
}

/** Every indicator: with the parameters that the server gives it when no others are asked for. */
export const INDICATORS: readonly Indicator[] = [
  {
    name: "sma",
    label: "SMA 20",
    explained: "Mean of the last 20 closes.",
    apart: false,
    drawn: [{ value: "sma", label: "SMA 20", colour: "accent" }],
  },
  {
    name: "ema",
    label: "EMA 20",
    explained: "Mean of the closes in which newer ones weigh more.",
    apart: false,
    drawn: [{ value: "ema", label: "EMA 20", colour: "second" }],
  },
  {
    name: "bollinger",
    label: "Bollinger 20, 2",
    explained: "Two standard deviations of the last 20 closes around their mean.",
    apart: false,
    drawn: [
      { value: "bollinger_upper", label: "Bollinger 20, 2", colour: "naive" },
      { value: "bollinger_middle", label: "", colour: "naive", dashed: true },
      { value: "bollinger_lower", label: "", colour: "naive" },
    ],
  },
  {
    name: "rsi",
    label: "RSI 14",
    explained: "0 to 100: how much of the movement of 14 candles was upwards.",
    apart: true,
    drawn: [{ value: "rsi", label: "RSI 14", colour: "ink" }],
  },
  {
    name: "macd",
    label: "MACD 12, 26, 9",
    explained: "A fast mean less a slow one, with its own mean and what lies between.",
    apart: true,
    drawn: [
      { value: "macd_histogram", label: "MACD histogram", colour: "line-strong", bars: true },
      { value: "macd", label: "MACD", colour: "accent" },
      { value: "macd_signal", label: "MACD signal", colour: "second", dashed: true },
    ],
  },
  {
    name: "volatility",
    label: "Volatility 24",
    explained: "How much the price moves, a year: 0.5 is 50 %.",
    apart: true,
    drawn: [{ value: "volatility", label: "Volatility 24, a year", colour: "ink" }],
  },
  {
    name: "atr",
    label: "ATR 14",
    explained: "How far the price ranges in a candle, on average, in the quote currency.",
    apart: true,
    drawn: [{ value: "atr", label: "ATR 14", colour: "ink" }],
  },
];

/** Seconds since 1970. The times of indicators are UTC, written with an offset or without one. */
export function secondsOf(moment: string): number {
  return Date.parse(/(Z|[+-]\d\d:\d\d)$/.test(moment) ? moment : `${moment}Z`) / 1000;
}

// So many candles may have closed since the indicators were asked for, or the candles were.
const MOST_APART = 3;

/** Whether indicators are those of these candles, give or take the newest: while one is on its way, they are not. */
export function belongTo(
  { timestamp }: Pick<Indicators, "timestamp">,
  candles: readonly { timestamp: string }[],
): boolean {
  const times = timestamp.slice(0, MOST_APART + 1).map(secondsOf);
  const others = candles.slice(0, MOST_APART + 1).map((each) => secondsOf(each.timestamp));
  const begin = times.some((time) => time === others[0]) || others.some((time) => time === times[0]);
  return begin && Math.abs(timestamp.length - candles.length) <= MOST_APART;
}
