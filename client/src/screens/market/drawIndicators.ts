import {
  createTextWatermark,
  HistogramSeries,
  type IChartApi,
  LineSeries,
  LineStyle,
  type Time,
} from "lightweight-charts";

import type { Indicators } from "@/api/marketApi";
import { brief } from "@/format/numbers";
import { colour } from "@/theme/theme";

import { type Drawn, INDICATORS, type IndicatorName, secondsOf } from "./indicators";

const PART = { candles: 3, indicator: 1 };

/** Draws indicators: prices on the candles, others each in a part of its own below. Returns the undoing. */
export function drawIndicators(
  chart: IChartApi,
  found: Indicators,
  chosen: readonly IndicatorName[],
): () => void {
  const times = found.timestamp.map((moment) => secondsOf(moment) as Time);
  let part = 0;
  const series = INDICATORS.filter(({ name }) => chosen.includes(name)).flatMap(({ drawn, apart, label }) => {
    if (apart) part += 1;
    const made = drawn.flatMap((each) => {
      const values = found.values[each.value] as readonly (number | null)[] | undefined;
      return values ? [drawOne(chart, each, times, values, apart ? part : 0)] : [];
    });
    if (apart && made.length > 0) nameOf(chart, part, label);
    return made;
  });
  chart.panes().forEach((pane, index) => pane.setStretchFactor(index === 0 ? PART.candles : PART.indicator));
  return () => series.forEach((each) => chart.removeSeries(each));
}

/** Says in the part itself what it shows. It goes when the part goes, with its last series. */
function nameOf(chart: IChartApi, part: number, text: string): void {
  const pane = chart.panes()[part];
  if (!pane) return;
  const { fontFamily } = getComputedStyle(document.documentElement);
  createTextWatermark(pane, {
    horzAlign: "left",
    vertAlign: "top",
    lines: [{ text: ` ${text}`, color: colour("muted"), fontSize: 11, fontFamily }],
  });
}

function drawOne(
  chart: IChartApi,
  { colour: name, dashed, bars }: Drawn,
  times: readonly Time[],
  values: readonly (number | null)[],
  part: number,
) {
  const look = { color: colour(name), priceLineVisible: false, lastValueVisible: part > 0 };
  const format = part > 0 ? { priceFormat: priceFormat() } : {};
  const line = { lineWidth: 2 as const, lineStyle: dashed ? LineStyle.Dashed : LineStyle.Solid };
  const series = bars
    ? chart.addSeries(HistogramSeries, { ...look, ...format }, part)
    : chart.addSeries(LineSeries, { ...look, ...format, ...line, crosshairMarkerVisible: false }, part);
  series.setData(
    times.map((time, index) => {
      const value = values[index] ?? null;
      return value === null ? { time } : { time, value };
    }),
  );
  return series;
}

function priceFormat() {
  return { type: "custom" as const, minMove: 0.0001, formatter: (value: number) => brief(value, 4) };
}
