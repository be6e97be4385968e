import { useCallback, useState } from "react";

import { useCandles } from "@/api/hooks/useCandles";
import { useFollowed } from "@/api/hooks/useFollowed";
import { useIndicators } from "@/api/hooks/useIndicators";
import { useSeries } from "@/api/hooks/useSeries";
import type { SeriesName } from "@/api/predictionsApi";
import { type Extend, PriceChart } from "@/charts/PriceChart";
import { ButtonLink } from "@/components/Button";
import { Card } from "@/components/Card";
import { Field, Select } from "@/components/Field";
import { Page } from "@/components/Page";
import { ErrorState, Skeleton } from "@/components/States";
import { count, price, quoteOf } from "@/format/numbers";
import { utcTime } from "@/format/times";

import { Change } from "./Change";
import { drawIndicators } from "./drawIndicators";
import { FollowButton } from "./FollowButton";
import { IndicatorChoice } from "./IndicatorChoice";
import { belongTo, type IndicatorName, INDICATORS } from "./indicators";
import { Freshness, GapLine } from "./SeriesList";

const SIZES = [200, 500, 2000, 10_000];
const [HEIGHT, PART_HEIGHT] = [420, 110];

/** `/market/<ticker>/<interval>`: candles and indicators of one series. */
export function SeriesScreen({ ticker, interval }: SeriesName) {
  const stored = useSeries();
  const followed = useFollowed();
  const series = stored.data?.find((each) => each.ticker === ticker && each.interval === interval);
  const following = followed.data?.find((each) => each.ticker === ticker && each.interval === interval);
  return (
    <Page
      title={`${ticker} ${interval}`}
      intro={
        series && (
          <>
            {count(series.rows)} candles from {series.sources.join(", ")}
          </>
        )
      }
      actions={
        <>
          <ButtonLink href={`/forecast/${ticker}/${interval}`}>Forecast</ButtonLink>
          <FollowButton
            series={{ ticker, interval }}
            following={following}
            known={followed.data !== undefined}
          />
        </>
      }
    >
      {series && (
        <div className="-mt-2 flex flex-wrap gap-x-5 gap-y-1 text-[13px]">
          <Freshness series={series} />
          <GapLine series={series} />
        </div>
      )}
      <Candles ticker={ticker} interval={interval} />
    </Page>
  );
}

function Candles({ ticker, interval }: SeriesName) {
  const [limit, setLimit] = useState(500);
  const [chosen, setChosen] = useState<IndicatorName[]>(["sma", "bollinger", "rsi"]);
  const candles = useCandles({ ticker, interval, limit });
  const indicators = useIndicators({ ticker, interval, limit, names: chosen.toSorted().join(",") });
  const isWanted = chosen.length > 0 && indicators.data && candles.data;
  const found = isWanted && belongTo(indicators.data, candles.data.candles) ? indicators.data : undefined;
  const extend = useCallback<Extend>(
    (chart) => (found ? drawIndicators(chart, found, chosen) : () => undefined),
    [found, chosen],
  );
  const parts = INDICATORS.filter(({ name, apart }) => apart && chosen.includes(name)).length;
  const legend = INDICATORS.filter(({ name, apart }) => !apart && chosen.includes(name)).flatMap(
    ({ drawn }) =>
      drawn.filter(({ label }) => label).map(({ label, colour, dashed }) => ({ label, colour, dashed })),
  );
  return (
    <Card
      title="Candles"
      hint={candles.data && <Summary ticker={ticker} interval={interval} candles={candles.data.candles} />}
      actions={
        <Field label={<span className="sr-only">How many candles</span>}>
          {(tied) => (
            <Select {...tied} value={limit} onChange={(event) => setLimit(Number(event.target.value))}>
              {SIZES.map((size) => (
                <option key={size} value={size}>
                  The last {count(size)}
                </option>
              ))}
            </Select>
          )}
        </Field>
      }
    >
      <div className="mb-3">
        <IndicatorChoice chosen={chosen} onChange={setChosen} />
      </div>
      {indicators.isError && (
        <div className="mb-3">
          <ErrorState error={indicators.error} onRetry={() => void indicators.refetch()} />
        </div>
      )}
      {candles.isError ? (
        <ErrorState error={candles.error} onRetry={() => void candles.refetch()} />
      ) : candles.data ? (
        <PriceChart
          summary={summaryOf(ticker, interval, candles.data.candles)}
          candles={candles.data.candles}
          legend={legend}
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

type Shown = React.ComponentProps<typeof PriceChart>["candles"];

function Summary({ ticker, interval, candles }: SeriesName & { candles: Shown }) {
  return (
    <>
      Last close {price(candles.at(-1)?.close, quoteOf(ticker))}{" "}
      <Change candles={candles} interval={interval} />
    </>
  );
}

function summaryOf(ticker: string, interval: string, candles: Shown): string {
  const [first, last] = [candles[0], candles.at(-1)];
  if (!first || !last) return `No candles of ${ticker} ${interval}.`;
  return (
    `${count(candles.length)} candles of ${ticker} ${interval}, ${utcTime(first.timestamp)} to ` +
    `${utcTime(last.timestamp)}; the last close is ${price(last.close, quoteOf(ticker))}.`
  );
}
