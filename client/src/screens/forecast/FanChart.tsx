import { useCallback, useMemo, useState } from "react";

import { useCandles } from "@/api/hooks/useCandles";
import { usePastForecasts } from "@/api/hooks/usePastForecasts";
import { candleSeconds } from "@/api/intervals";
import type { ForecastLine, StoredForecast } from "@/api/predictionsApi";
import { Bands } from "@/charts/bands";
import { type Extend, PriceChart, type PriceLine } from "@/charts/PriceChart";
import { CheckBox } from "@/components/Field";
import { ErrorState, Skeleton } from "@/components/States";
import { price, quoteOf } from "@/format/numbers";
import { utcTime } from "@/format/times";
import { colour } from "@/theme/theme";

import { fanOf, naivePathOf, pathOf } from "./outcome";

const CANDLES = 1000;
const HEIGHT = 420;
const FEWEST_BEFORE = 60;
const FAN = [
  { label: "80 % band", colour: "band-80", area: true },
  { label: "95 % band", colour: "band-95", area: true },
];

interface FanChartProps {
  forecast: StoredForecast;
  others: readonly ForecastLine[];
}

/** Candles with the forecast's fan on them; earlier forecasts as thin lines for comparison. */
export function FanChart({ forecast, others }: FanChartProps) {
  const [withPast, setWithPast] = useState(false);
  const candles = useCandlesAround(forecast);
  const earlier = useMemo(
    () => (withPast ? others.map(({ request_id: id }) => id).filter((id) => id !== forecast.request_id) : []),
    [withPast, others, forecast.request_id],
  );
  const past = usePastForecasts(earlier);
  const lines = useMemo(() => linesOf(forecast, past), [forecast, past]);
  const extend = useCallback<Extend>(
    (_chart, series) => {
      const bands = new Bands(fanOf(forecast), { 80: colour("band-80"), 95: colour("band-95") });
      series.attachPrimitive(bands);
      return () => series.detachPrimitive(bands);
    },
    [forecast],
  );
  if (candles.isLoadingError)
    return <ErrorState error={candles.error} onRetry={() => void candles.refetch()} />;
  if (!candles.data) return <Skeleton className="h-[420px]" />;
  const { from, to } = aroundOf(forecast);
  return (
    <>
      <PriceChart
        summary={summaryOf(forecast)}
        candles={candles.data.candles}
        lines={lines}
        legend={FAN}
        height={HEIGHT}
        from={from}
        to={to}
        extend={extend}
      />
      <div className="mt-1 flex flex-wrap items-center justify-between gap-x-4 text-xs text-muted">
        <span>Times on the chart are UTC. Drag to move, scroll or pinch to zoom.</span>
        {others.length > 1 && (
          <CheckBox
            label="Draw the other forecasts of the list too"
            checked={withPast}
            onChange={setWithPast}
          />
        )}
      </div>
    </>
  );
}

function linesOf(forecast: StoredForecast, past: readonly StoredForecast[]): PriceLine[] {
  const { model_type: type, model_version: version } = forecast;
  return [
    ...past.map((each, index): PriceLine => {
      return {
        label: index === 0 ? "Other forecasts" : "",
        colour: "second",
        width: 1,
        points: pathOf(each),
      };
    }),
    { label: "Naive", colour: "naive", dashed: true, points: naivePathOf(forecast) },
    { label: `${type} version ${version}`, colour: "model", points: pathOf(forecast) },
  ];
}

/** The newest candles, or those around a forecast that lies before them. */
function useCandlesAround({ ticker, interval, origin, horizon }: StoredForecast) {
  const newest = useCandles({ ticker, interval, limit: CANDLES });
  const step = candleSeconds(interval);
  const first = newest.data?.candles.at(FEWEST_BEFORE)?.timestamp;
  const isBefore = first !== undefined && Date.parse(origin.timestamp) < Date.parse(first);
  const end = new Date(Date.parse(origin.timestamp) + 3 * (horizon + 1) * step * 1000).toISOString();
  const around = useCandles(isBefore ? { ticker, interval, end, limit: CANDLES } : null);
  return isBefore ? around : newest;
}

/** What is shown at first: enough past to see where the price came from, and the whole fan. */
function aroundOf({ origin, interval, horizon }: StoredForecast): { from: number; to: number } {
  const step = candleSeconds(interval);
  const at = Date.parse(origin.timestamp) / 1000;
  return { from: at - Math.max(FEWEST_BEFORE, 4 * horizon) * step, to: at + (horizon + 3) * step };
}

function summaryOf({ ticker, interval, origin, predictions, horizon }: StoredForecast): string {
  const last = predictions.at(-1);
  const currency = quoteOf(ticker);
  return (
    `Candles of ${ticker} ${interval} with the forecast from ${utcTime(origin.timestamp)}: ` +
    `${price(last?.predicted_price, currency)} in ${horizon} candles, ` +
    `with 80 % between ${price(last?.lower_80)} and ${price(last?.upper_80, currency)}; ` +
    `the naive forecast stays at ${price(origin.close, currency)}.`
  );
}
