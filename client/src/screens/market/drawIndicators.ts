import { HistogramSeries, type IChartApi, LineSeries, LineStyle, type Time } from "lightweight-charts";

import type { Indicators } from "@/api/marketApi";
import { brief } from "@/format/numbers";
import { colour } from "@/theme/theme";

import { type Drawn, INDICATORS, type IndicatorName } from "./indicators";

const PART = { candles: 3, indicator: 1 };

/** Draws indicators: prices on the candles, others each in a part of its own below. Returns the undoing. */
export function drawIndicators(
  chart: IChartApi,
  found: Indicators,
  chosen: readonly IndicatorName[],
): () => void {
  const times = found.timestamp.map((moment) => (Date.parse(asUtc(moment)) / 1000) as Time);
  let part = 0;
  const series = INDICATORS.filter(({ name }) => chosen.includes(name)).flatMap(({ drawn, apart }) => {
    if (apart) part += 1;
    return drawn.flatMap((each) => {
      const values = found.values[each.value] as readonly (number | null)[] | undefined;
      return values ? [drawOne(chart, each, times, values, apart ? part : 0)] : [];
    });
  });
  chart.panes().forEach((pane, index) => pane.setStretchFactor(index === 0 ? PART.candles : PART.indicator));
  return () => series.forEach((each) => chart.removeSeries(each));
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

/** The server's times are UTC, written with an offset or without one. */
function asUtc(moment: string): string {
  return /(Z|[+-]\d\d:\d\d)$/.test(moment) ? moment : `${moment}Z`;
}
