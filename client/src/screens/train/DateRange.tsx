import { useMemo } from "react";

import { useCandles } from "@/api/hooks/useCandles";
import type { Series } from "@/api/types";
import { Legend } from "@/charts/Legend";
import { type Part, type Range, RangeChart } from "@/charts/RangeChart";
import { Button } from "@/components/Button";
import { Field, Input } from "@/components/Field";
import { ErrorState, Skeleton } from "@/components/States";
import { count } from "@/format/numbers";
import { utcDay } from "@/format/times";

import { drawnInterval, INTERVAL_SECONDS } from "./intervals";
import type { Draft, Errors } from "./parameters";

// The shares in which the server splits a range by time.
const PARTS: readonly (Part & { label: string })[] = [
  { label: "training 65 %", colour: "part-train", from: 0, to: 0.65 },
  { label: "validation 10 %", colour: "part-validation", from: 0.65, to: 0.75 },
  { label: "calibration 10 %", colour: "part-calibration", from: 0.75, to: 0.85 },
  { label: "test 15 %", colour: "part-test", from: 0.85, to: 1 },
];
const LEGEND = PARTS.map(({ label, colour }) => ({ label, colour, area: true }));
const DAY = 86_400;

interface DateRangeProps {
  series: Series;
  draft: Pick<Draft, "start_date" | "end_date">;
  errors: Errors;
  onChange: (dates: Pick<Draft, "start_date" | "end_date">) => void;
}

/** Which candles are used: dragged on the price line, or written as dates. */
export function DateRange({ series, draft, errors, onChange }: DateRangeProps) {
  const range = rangeOf(series, draft);
  const chosen = draft.start_date !== "" || draft.end_date !== "";
  const day = (seconds: number) => new Date(seconds * 1000).toISOString().slice(0, 10);
  const [first, last] = [series.first.slice(0, 10), series.last.slice(0, 10)];
  return (
    <div className="flex flex-col gap-3">
      <Legend items={LEGEND} />
      <PriceLine
        series={series}
        range={range}
        onRange={({ start, end }) => onChange({ start_date: day(start), end_date: day(end) })}
      />
      <div className="grid grid-cols-2 gap-3 md:max-w-md">
        <Field label="First day (UTC)" error={errors.start_date}>
          {(tied) => (
            <Input
              {...tied}
              type="date"
              min={first}
              max={last}
              value={(draft.start_date || first).slice(0, 10)}
              onChange={(event) => onChange({ ...draft, start_date: event.target.value })}
            />
          )}
        </Field>
        <Field label="Last day (UTC)" error={errors.end_date}>
          {(tied) => (
            <Input
              {...tied}
              type="date"
              min={first}
              max={last}
              value={(draft.end_date || last).slice(0, 10)}
              onChange={(event) => onChange({ ...draft, end_date: event.target.value })}
            />
          )}
        </Field>
      </div>
      <div className="flex flex-wrap items-center gap-x-3 text-[13px] text-muted">
        <span>
          About {count(candlesIn(series, range))} candles, {utcDay(range.start * 1000)} to{" "}
          {utcDay(range.end * 1000)}.
        </span>
        {chosen && (
          <Button kind="quiet" onClick={() => onChange({ start_date: "", end_date: "" })}>
            Use everything stored
          </Button>
        )}
      </div>
    </div>
  );
}

function PriceLine({
  series,
  range,
  onRange,
}: {
  series: Series;
  range: Range;
  onRange: (range: Range) => void;
}) {
  const { ticker, interval, rows, first } = series;
  const resample = drawnInterval(interval, rows);
  const candles = useCandles({
    ticker,
    interval,
    start: first,
    limit: 5000,
    ...(resample ? { resample } : {}),
  });
  const found = candles.data?.candles;
  const times = useMemo(() => found?.map(({ timestamp }) => Date.parse(timestamp) / 1000) ?? [], [found]);
  const prices = useMemo(() => found?.map(({ close }) => close) ?? [], [found]);
  if (candles.isError) return <ErrorState error={candles.error} onRetry={() => void candles.refetch()} />;
  if (!found) return <Skeleton className="h-[200px]" />;
  const summary =
    `Closing prices of ${ticker} with the chosen range divided into its parts. ` +
    "Choose a range by dragging, or with the date fields below.";
  return (
    <RangeChart
      summary={summary}
      times={times}
      prices={prices}
      range={range}
      parts={PARTS}
      onRange={onRange}
    />
  );
}

function rangeOf(
  series: Series,
  { start_date: start, end_date: end }: Pick<Draft, "start_date" | "end_date">,
): Range {
  const seconds = (moment: string) => Date.parse(moment) / 1000;
  const [first, last] = [seconds(series.first), seconds(series.last)];
  const wholeDay = end.length === 10 ? DAY - 1 : 0;
  return {
    start: start ? Math.max(first, seconds(start)) : first,
    end: end ? Math.min(last, seconds(end) + wholeDay) : last,
  };
}

function candlesIn(series: Series, { start, end }: Range): number {
  const length = INTERVAL_SECONDS[series.interval] ?? 3600;
  return Math.max(0, Math.min(series.rows, Math.floor((end - start) / length) + 1));
}
