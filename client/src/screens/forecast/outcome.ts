import type { StoredForecast } from "@/api/predictionsApi";
import type { BandPoint } from "@/charts/bands";
import { price } from "@/format/numbers";

const secondsOf = (moment: string) => Date.parse(moment) / 1000;

/** How a forecast has done so far, beside naive on the same steps. */
export interface Outcome {
  /** Steps whose candle is known. */
  known: number;
  /** Root of the mean squared error, quote currency; null before the first score. */
  rmse: number | null;
  naiveRmse: number | null;
  inside80: number;
  inside95: number;
}

export function outcomeOf({ predictions, origin }: Pick<StoredForecast, "predictions" | "origin">): Outcome {
  const errors: number[] = [];
  const naiveErrors: number[] = [];
  let [inside80, inside95] = [0, 0];
  for (const step of predictions) {
    if (step.actual === null) continue;
    errors.push(step.predicted_price - step.actual);
    naiveErrors.push(origin.close - step.actual);
    if (step.actual >= step.lower_80 && step.actual <= step.upper_80) inside80 += 1;
    if (step.actual >= step.lower_95 && step.actual <= step.upper_95) inside95 += 1;
  }
  return {
    known: errors.length,
    rmse: rootMean(errors),
    naiveRmse: rootMean(naiveErrors),
    inside80,
    inside95,
  };
}

/** A miss as precise as the price it belongs to, so that the digits of a column line up. */
export function errorText(error: number | null | undefined, close: number): string {
  const isFine = error != null && close >= 1 && Math.abs(error) < 1;
  return isFine ? error.toFixed(2).replace("-", "−") : price(error);
}

function rootMean(errors: readonly number[]): number | null {
  if (errors.length === 0) return null;
  return Math.sqrt(errors.reduce((sum, error) => sum + error * error, 0) / errors.length);
}

/** The fan from the last close, where all bounds are one, to the last step. */
export function fanOf({ origin, predictions }: Pick<StoredForecast, "origin" | "predictions">): BandPoint[] {
  const { close } = origin;
  const start = { lower_80: close, upper_80: close, lower_95: close, upper_95: close };
  return [
    { time: secondsOf(origin.timestamp), ...start },
    ...predictions.map(({ timestamp, lower_80, upper_80, lower_95, upper_95 }) => ({
      time: secondsOf(timestamp),
      lower_80,
      upper_80,
      lower_95,
      upper_95,
    })),
  ];
}

/** The forecast prices as a line that begins at the last close. */
export function pathOf({ origin, predictions }: Pick<StoredForecast, "origin" | "predictions">) {
  return [
    { time: secondsOf(origin.timestamp), value: origin.close },
    ...predictions.map(({ timestamp, predicted_price: value }) => ({ time: secondsOf(timestamp), value })),
  ];
}

/** The naive forecast: the last close, unchanged. */
export function naivePathOf({ origin, predictions }: Pick<StoredForecast, "origin" | "predictions">) {
  return pathOf({ origin, predictions }).map(({ time }) => ({ time, value: origin.close }));
}
