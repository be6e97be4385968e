import { useMemo } from "react";

import { useCandles } from "@/api/hooks/useCandles";
import type { Series } from "@/api/types";
import { Legend } from "@/charts/Legend";
import { type Part, type Range, RangeChart } from "@/charts/RangeChart";
import { Button } from "@/components/Button";
import { Field, Input } from "@/components/Field";
import { ErrorState, Notice, Skeleton } from "@/components/States";
import { count, quoteOf } from "@/format/numbers";
import { utcDay } from "@/format/times";

import { drawnInterval } from "./drawnInterval";
import { candlesIn, rangeOf, shortageOf } from "./enough";
import type { Draft, Errors } from "./parameters";

// The shares in which the server splits a range by time.
const PARTS: readonly (Part & { label: string })[] = [
  { label: "Training, 65 %: learned from", colour: "part-train", from: 0, to: 0.65 },
  { label: "Validation, 10 %: chooses the best epoch", colour: "part-validation", from: 0.65, to: 0.75 },
  { label: "Calibration, 10 %: sets the bands’ widths", colour: "part-calibration", from: 0.75, to: 0.85 },
  { label: "Test, 15 %: scored once", colour: "part-test", from: 0.85, to: 1 },
];

interface DateRangeProps {
  series: Series;
  draft: Pick<Draft, "start_date" | "end_date" | "lookback" | "horizon">;
  errors: Errors;
  onChange: (dates: Pick<Draft, "start_date" | "end_date">) => void;
}

/** Which candles are used: dragged on the price line, or written as dates. */
export function DateRange({ series, draft, errors, onChange }: DateRangeProps) {
  const range = rangeOf(series, draft);
  const chosen = draft.start_date !== "" || draft.end_date !== "";
  const day = (seconds: number) => new Date(seconds * 1000).toISOString().slice(0, 10);
  const dates = { start_date: draft.start_date, end_date: draft.end_date };
  const shortage = shortageOf(series, draft);
  return (
    <div className="flex flex-col gap-3">
      <Legend items={legendOf(series.ticker)} />
      <PriceLine
        series={series}
        range={range}
        onRange={({ start, end }) => onChange({ start_date: day(start), end_date: day(end) })}
      />
      <div className="grid grid-cols-2 gap-3 md:max-w-md">
        <Day
          label="First day (UTC)"
          error={errors.start_date}
          series={series}
          value={draft.start_date || series.first}
          onChange={(start_date) => onChange({ ...dates, start_date })}
        />
        <Day
          label="Last day (UTC)"
          error={errors.end_date}
          series={series}
          value={draft.end_date || series.last}
          onChange={(end_date) => onChange({ ...dates, end_date })}
        />
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
      <div role="status" className="empty:hidden">
        {shortage && <Notice tone={shortage.refused ? "bad" : "warn"}>{shortage.words}</Notice>}
      </div>
    </div>
  );
}

function legendOf(ticker: string) {
  const areas = PARTS.map(({ label, colour }) => ({ label, colour, area: true }));
  return [{ label: `Closing price in ${quoteOf(ticker)}`, colour: "ink" }, ...areas];
}

interface DayProps {
  label: string;
  error: string | undefined;
  series: Series;
  /** A day, or a moment in it. */
  value: string;
  onChange: (day: string) => void;
}

function Day({ label, error, series, value, onChange }: DayProps) {
  const day = (moment: string) => moment.slice(0, 10);
  return (
    <Field label={label} error={error}>
      {(tied) => (
        <Input
          {...tied}
          type="date"
          min={day(series.first)}
          max={day(series.last)}
          value={day(value)}
          onChange={(event) => onChange(event.target.value)}
        />
      )}
    </Field>
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
