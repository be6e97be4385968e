import { useCallback, useState } from "react";

import { useIndicators } from "@/api/hooks/useIndicators";
import type { SeriesName } from "@/api/predictionsApi";
import type { Candle } from "@/api/types";
import { type Extend, PriceChart } from "@/charts/PriceChart";
import { Card } from "@/components/Card";
import { Field, Select } from "@/components/Field";
import { ErrorState, Skeleton } from "@/components/States";
import { count, price, quoteOf } from "@/format/numbers";
import { utcTime } from "@/format/times";

import { Change } from "./Change";
import { drawIndicators } from "./drawIndicators";
import { IndicatorChoice } from "./IndicatorChoice";
import { belongTo, type IndicatorName, INDICATORS } from "./indicators";
import { useLiveCandles } from "./useLiveCandles";

const SIZES = [200, 500, 2000, 10_000];
const [HEIGHT, PART_HEIGHT] = [420, 110];

/** The last candles of a series with the open one and the indicators that are chosen. */
export function CandlesCard({ ticker, interval }: SeriesName) {
  const [limit, setLimit] = useState(500);
  const [chosen, setChosen] = useState<IndicatorName[]>(["sma", "bollinger", "rsi"]);
  const { query, candles, open } = useLiveCandles({ ticker, interval }, limit);
  const indicators = useIndicators({ ticker, interval, limit, names: chosen.toSorted().join(",") });
  const isWanted = chosen.length > 0 && indicators.data && candles;
  const found = isWanted && belongTo(indicators.data, candles) ? indicators.data : undefined;
  const extend = useCallback<Extend>(
    (chart) => (found ? drawIndicators(chart, found, chosen) : () => undefined),
    [found, chosen],
  );
  const parts = INDICATORS.filter(({ name, apart }) => apart && chosen.includes(name)).length;
  return (
    <Card
      title="Candles"
      hint={candles && <LastPrice ticker={ticker} interval={interval} candles={candles} open={open} />}
      actions={<Size limit={limit} onChange={setLimit} />}
    >
      <div className="mb-3">
        <IndicatorChoice chosen={chosen} onChange={setChosen} />
      </div>
      {indicators.isLoadingError && !query.isLoadingError && (
        <div className="mb-3">
          <ErrorState error={indicators.error} onRetry={() => void indicators.refetch()} />
        </div>
      )}
      {query.isLoadingError ? (
        <ErrorState error={query.error} onRetry={() => void query.refetch()} />
      ) : candles ? (
        <PriceChart
          summary={summaryOf(ticker, interval, candles)}
          candles={candles}
          open={open}
          fit={`${limit} ${query.isPlaceholderData}`}
          legend={legendOf(chosen)}
          height={HEIGHT + parts * PART_HEIGHT}
          extend={extend}
        />
      ) : (
        <Skeleton className="h-[420px]" />
      )}
      <p className="mt-1 text-xs text-muted">
        Times on the chart are UTC; rising candles are hollow. Drag to move, scroll or pinch to zoom.
      </p>
    </Card>
  );
}

function Size({ limit, onChange }: { limit: number; onChange: (limit: number) => void }) {
  return (
    <Field label={<span className="sr-only">How many candles</span>}>
      {(tied) => (
        <Select {...tied} value={limit} onChange={(event) => onChange(Number(event.target.value))}>
          {SIZES.map((size) => (
            <option key={size} value={size}>
              The last {count(size)}
            </option>
          ))}
        </Select>
      )}
    </Field>
  );
}

interface LastPriceProps extends SeriesName {
  candles: readonly Candle[];
  open: Candle | null;
}

function LastPrice({ ticker, interval, candles, open }: LastPriceProps) {
  const shown = open ? [...candles, open] : candles;
  return (
    <>
      {open ? "Now" : "Last close"}{" "}
      <b className="font-semibold text-ink tabular-nums">{price(shown.at(-1)?.close, quoteOf(ticker))}</b>{" "}
      <Change candles={shown} interval={interval} />
    </>
  );
}

function legendOf(chosen: readonly IndicatorName[]) {
  return INDICATORS.filter(({ name, apart }) => !apart && chosen.includes(name)).flatMap(({ drawn }) =>
    drawn.filter(({ label }) => label).map(({ label, colour, dashed }) => ({ label, colour, dashed })),
  );
}

function summaryOf(ticker: string, interval: string, candles: readonly Candle[]): string {
  const [first, last] = [candles[0], candles.at(-1)];
  if (!first || !last) return `No candles of ${ticker} ${interval}.`;
  return (
    `${count(candles.length)} candles of ${ticker} ${interval}, ${utcTime(first.timestamp)} to ` +
    `${utcTime(last.timestamp)}; the last close is ${price(last.close, quoteOf(ticker))}.`
  );
}
