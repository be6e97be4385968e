import type { TestPart } from "@/api/testPart";

/** Fewer forecasts in common than this say nothing about which is better. */
export const FEWEST_IN_COMMON = 30;

export interface Difference {
  /** Forecasts of the same candle from the same one, by both. */
  rows: number;
  /** Root mean squared errors on those. */
  rmse: number;
  otherRmse: number;
  /** Diebold-Mariano on the squared errors, two-sided; null: undefined. */
  p: number | null;
}

/** Two models on the test forecasts that they share; null when these are too few. */
export function differenceOf(one: TestPart, other: TestPart): Difference | null {
  const places = new Map(other.timestamp.map((moment, index) => [moment, index]));
  const losses: [number, number][] = one.timestamp.flatMap((moment, index) => {
    const place = places.get(moment);
    return place === undefined ? [] : [[lossOf(one, index), lossOf(other, place)]];
  });
  if (losses.length < FEWEST_IN_COMMON) return null;
  const mean = (column: 0 | 1) => losses.reduce((sum, loss) => sum + loss[column], 0) / losses.length;
  return {
    rows: losses.length,
    rmse: Math.sqrt(mean(0)),
    otherRmse: Math.sqrt(mean(1)),
    p: dieboldMariano(
      losses.map(([loss, otherLoss]) => loss - otherLoss),
      one.step,
    ),
  };
}

function lossOf({ actual, predicted }: TestPart, index: number): number {
  return ((actual[index] ?? Number.NaN) - (predicted[index] ?? Number.NaN)) ** 2;
}

/**
 * Two-sided p-value that two forecasts, `step` rows ahead, have equal expected loss: the server's test (Diebold
 * and Mariano 1995, corrected by Harvey, Leybourne and Newbold 1997), here for pairs that it has not compared.
 */
export function dieboldMariano(differences: readonly number[], step: number): number | null {
  const rows = differences.length;
  if (rows <= step || !differences.every(Number.isFinite)) return null;
  const mean = differences.reduce((sum, each) => sum + each, 0) / rows;
  const variance = longRunVariance(
    differences.map((each) => each - mean),
    step - 1,
  );
  if (variance <= 0) return null;
  const correction = (rows + 1 - 2 * step + (step * (step - 1)) / rows) / rows;
  return studentTwoSided((mean / Math.sqrt(variance / rows)) * Math.sqrt(correction), rows - 1);
}

function longRunVariance(centred: readonly number[], lags: number): number {
  const rows = centred.length;
  const autocovariances = Array.from(
    { length: lags + 1 },
    (_, lag) => centred.slice(lag).reduce((sum, each, index) => sum + each * (centred[index] ?? 0), 0) / rows,
  );
  const [variance = 0, ...others] = autocovariances;
  const plain = variance + 2 * others.reduce((sum, each) => sum + each, 0);
  if (plain > 0) return plain;
  // The plain sum can come out negative; Bartlett's falling weights never do.
  return variance + 2 * others.reduce((sum, each, lag) => sum + (1 - (lag + 1) / (lags + 1)) * each, 0);
}

/** Two-sided tail of Student's t for whole degrees of freedom (Abramowitz and Stegun 26.7.3 and 26.7.4). */
export function studentTwoSided(statistic: number, freedom: number): number {
  const angle = Math.atan(Math.abs(statistic) / Math.sqrt(freedom));
  const cosine = Math.cos(angle) ** 2;
  const odd = freedom % 2 === 1;
  let term = odd ? Math.cos(angle) : 1;
  let sum = freedom === 1 ? 0 : term;
  for (let index = odd ? 3 : 2; index <= freedom - 2; index += 2) {
    term *= (cosine * (index - 1)) / index;
    sum += term;
  }
  const within = odd ? (2 / Math.PI) * (angle + Math.sin(angle) * sum) : Math.sin(angle) * sum;
  return Math.max(0, 1 - within);
}
