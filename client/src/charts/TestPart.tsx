import { useMemo } from "react";

import type { TestPart } from "@/api/testPart";
import { axisPrice } from "@/format/numbers";
import { utcTime } from "@/format/times";

import { type Line, LineChart } from "./LineChart";

const PRICES: readonly Line[] = [
  { label: "", colour: "model", edge: true },
  { label: "", colour: "model", edge: true },
  { label: "", colour: "model", edge: true },
  { label: "", colour: "model", edge: true },
  { label: "Actual price", colour: "ink" },
  { label: "Model, with its 80 and 95 % bands", colour: "model" },
  { label: "Naive", colour: "naive", dashed: true },
];
const BANDS = [
  { between: [1, 0], colour: "band-95" },
  { between: [3, 2], colour: "band-80" },
] as const;
const ERRORS: readonly Line[] = [
  { label: "Error of the model", colour: "model" },
  { label: "Error of naive", colour: "naive", dashed: true },
];
const ZERO = [{ y: 0, label: "" }];

/** Forecasts of a test part against what happened, with their bands, and below how far off each of them was. */
export function TestPartChart({ part, currency }: { part: TestPart; currency: string }) {
  const prices = useMemo(() => priceColumns(part), [part]);
  const errors = useMemo(() => errorColumns(part), [part]);
  return (
    <div className="flex flex-col gap-4">
      <LineChart
        summary={`${part.rows} forecasts of the model and of naive against the actual price in ${currency}.`}
        lines={PRICES}
        bands={BANDS}
        data={prices}
        time
        height={320}
        formatX={momentOf}
        formatY={axisPrice}
      />
      <LineChart
        summary={`Actual price minus forecast, of the model and of naive, in ${currency}.`}
        lines={ERRORS}
        levels={ZERO}
        data={errors}
        time
        height={150}
        formatX={momentOf}
        formatY={axisPrice}
      />
    </div>
  );
}

const momentOf = (seconds: number) => utcTime(seconds * 1000);

function priceColumns(part: TestPart): number[][] {
  const { lower_95, upper_95, lower_80, upper_80, actual, predicted, naive } = part;
  return [timesOf(part), lower_95, upper_95, lower_80, upper_80, actual, predicted, naive];
}

function errorColumns(part: TestPart): number[][] {
  const errorsOf = (forecast: number[]) =>
    forecast.map((value, index) => (part.actual[index] ?? Number.NaN) - value);
  return [timesOf(part), errorsOf(part.predicted), errorsOf(part.naive)];
}

function timesOf({ timestamp }: TestPart): number[] {
  return timestamp.map((moment) => Date.parse(moment) / 1000);
}
