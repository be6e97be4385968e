import {
  CandlestickSeries,
  createChart,
  type IChartApi,
  type IPriceLine,
  type ISeriesApi,
  LineSeries,
  LineStyle,
  type MouseEventParams,
  type Time,
  type UTCTimestamp,
} from "lightweight-charts";
import { useEffect, useRef } from "react";

import type { Candle } from "@/api/types";
import { price } from "@/format/numbers";
import { utcTime } from "@/format/times";
import { colour, useTheme } from "@/theme/theme";

import { type Item, Legend } from "./Legend";

export interface PriceLine {
  label: string;
  colour: string;
  dashed?: boolean;
  /** Pixels; 2 unless told otherwise. */
  width?: 1 | 2;
  /** Seconds since 1970, ascending; null leaves a gap. */
  points: readonly { time: number; value: number | null }[];
}

export type CandleSeries = ISeriesApi<"Candlestick">;
/** Draws on top of a chart once it is made; returns how to undo it. */
export type Extend = (chart: IChartApi, candles: CandleSeries) => () => void;

interface PriceChartProps {
  summary: string;
  candles: readonly Candle[];
  /** The candle behind them, still open: it is moved without drawing the others anew. */
  open?: Candle | null;
  lines?: readonly PriceLine[];
  /** What else is drawn, for the legend. */
  legend?: readonly Item[];
  height?: number;
  /** What is shown at first, and whenever it changes: seconds since 1970; without it everything. */
  from?: number | undefined;
  to?: number | undefined;
  /** Without `from` and `to`: everything is shown again when this changes; by default, the first candle. */
  fit?: string | undefined;
  extend?: Extend | undefined;
}

/** Seconds since 1970 of a candle's open. */
export function timeOf(moment: string): UTCTimestamp {
  return (Date.parse(moment) / 1000) as UTCTimestamp;
}

const PRICES = { type: "custom" as const, minMove: 1e-8, formatter: (value: number) => price(value) };
const NO_LINES: readonly PriceLine[] = [];

/**
 * Candles with lines over them, by lightweight-charts; times are UTC, as candles are. New candles and lines
 * go into the same chart, so that it stays where the reader has moved it.
 */
export function PriceChart(props: PriceChartProps) {
  const { summary, candles, open = null, lines = NO_LINES, legend = [], height = 380 } = props;
  const { from, to, extend } = props;
  const theme = useTheme();
  const box = useRef<HTMLDivElement>(null);
  const read = useRef<HTMLDivElement>(null);
  const made = useRef<{ chart: IChartApi; series: CandleSeries; last: IPriceLine } | null>(null);

  useEffect(() => {
    const chart = createChart(box.current!, { ...looks(), height });
    const series = chart.addSeries(CandlestickSeries, candleLooks());
    series.applyOptions({ priceFormat: PRICES });
    const last = series.createPriceLine({ price: 0, lineVisible: false });
    made.current = { chart, series, last };
    chart.subscribeCrosshairMove((moved) => show(read.current, textOf(moved, series)));
    return () => {
      made.current = null;
      chart.remove();
    };
  }, [theme, height]);

  useEffect(() => {
    made.current?.series.setData(candles.map(barOf));
  }, [theme, height, candles]);

  useEffect(() => {
    if (open) made.current?.series.update(barOf(open));
  }, [theme, height, candles, open]);

  const newest = open ?? candles.at(-1) ?? null;
  useEffect(() => {
    if (newest) made.current?.last.applyOptions(lastLooks(newest));
  }, [theme, height, newest]);

  useEffect(() => {
    const { chart } = made.current!;
    const drawn = lines.map((line) => draw(chart, line));
    return () => {
      if (made.current?.chart === chart) drawn.forEach((each) => chart.removeSeries(each));
    };
  }, [theme, height, lines]);

  useEffect(() => {
    const { chart, series } = made.current!;
    const undo = extend?.(chart, series);
    return () => {
      if (made.current?.chart === chart) undo?.();
    };
  }, [theme, height, extend]);

  const isEmpty = candles.length === 0;
  const fit = props.fit ?? candles[0]?.timestamp;
  useEffect(() => {
    if (isEmpty) return;
    const scale = made.current!.chart.timeScale();
    if (from === undefined || to === undefined) scale.fitContent();
    else scale.setVisibleRange({ from: from as UTCTimestamp, to: to as UTCTimestamp });
  }, [theme, height, isEmpty, fit, from, to]);

  const items = [...lines, ...legend].filter(({ label }) => label !== "");
  return (
    <figure className="min-w-0">
      {items.length > 0 && <Legend items={items} />}
      <div className="relative">
        <div ref={box} role="img" aria-label={summary} style={{ height }} />
        <div
          ref={read}
          aria-hidden
          className="pointer-events-none absolute top-1 left-1 z-10 hidden rounded-md bg-surface/85 px-2 py-1 text-xs whitespace-pre-wrap tabular-nums"
        />
      </div>
    </figure>
  );
}

function barOf({ timestamp, ...prices }: Candle) {
  return { time: timeOf(timestamp), ...prices };
}

function show(box: HTMLDivElement | null, text: string): void {
  if (!box) return;
  box.textContent = text;
  box.classList.toggle("hidden", text === "");
}

/** The candle under the cursor in numbers. */
function textOf({ time, seriesData }: MouseEventParams, series: CandleSeries): string {
  const candle = seriesData.get(series);
  if (time === undefined || !candle || !("open" in candle)) return "";
  const { open, high, low, close } = candle;
  return `${utcTime(Number(time) * 1000)}\nopen ${price(open)}  high ${price(high)}  low ${price(low)}  close ${price(close)}`;
}

function draw(chart: IChartApi, line: PriceLine): ISeriesApi<"Line"> {
  const series = chart.addSeries(LineSeries, {
    color: colour(line.colour),
    lineWidth: line.width ?? 2,
    priceFormat: PRICES,
    lineStyle: line.dashed ? LineStyle.Dashed : LineStyle.Solid,
    priceLineVisible: false,
    lastValueVisible: false,
  });
  series.setData(
    line.points.map(({ time, value }) =>
      value === null ? { time: time as Time } : { time: time as Time, value },
    ),
  );
  return series;
}

function candleLooks() {
  const [up, down] = [colour("up"), colour("down")];
  // Rising candles are hollow: told from falling ones without their colour.
  return {
    upColor: colour("surface"),
    downColor: down,
    borderUpColor: up,
    borderDownColor: down,
    wickUpColor: up,
    wickDownColor: down,
    priceLineVisible: false,
    // Of a hollow candle it would have no colour: see below.
    lastValueVisible: false,
  };
}

/** The newest price on its axis, in the colour of its candle's border. */
function lastLooks({ open, close }: Candle) {
  return {
    price: close,
    axisLabelColor: colour(close >= open ? "up" : "down"),
    axisLabelTextColor: colour("surface"),
  };
}

function looks() {
  return {
    autoSize: true,
    layout: {
      background: { color: "transparent" },
      textColor: colour("muted"),
      fontFamily: getComputedStyle(document.documentElement).fontFamily,
      fontSize: 11,
      // It would style itself inside the page, which the content policy forbids; the footer names TradingView.
      attributionLogo: false,
      panes: { separatorColor: colour("line"), separatorHoverColor: colour("accent-soft") },
    },
    grid: { vertLines: { color: colour("line") }, horzLines: { color: colour("line") } },
    // Half a number at the edge of a part would stand on the next one's.
    rightPriceScale: { borderColor: colour("line"), entireTextOnly: true },
    timeScale: { borderColor: colour("line"), timeVisible: true, secondsVisible: false },
    localization: { timeFormatter: (time: Time) => utcTime(Number(time) * 1000) },
  };
}
