import type { Scores } from "@/api/report";
import { count, quoteOf } from "@/format/numbers";
import type { Metric } from "@/screens/result/metrics";

import type { Contender } from "./contenders";

export interface Row {
  key: string;
  name: string;
  /** What it was scored on. */
  on: string;
  scores: Scores;
  /** That of its errors. */
  currency: string;
  /** Null: the naive forecast. */
  contender: Contender | null;
  /** Of those that it belongs to. */
  letters: string;
}

export interface ScoresProps {
  caption: string;
  /** Rows of those that were scored on the same candles, together. */
  groups: readonly Row[][];
  metrics: readonly Metric[];
}

/** The currency in which all of them count, to be named once; null where they differ. */
export function currencyOf(groups: readonly Row[][]): string | null {
  const [first, ...others] = new Set(groups.flat().map(({ currency }) => currency));
  return first !== undefined && others.length === 0 ? first : null;
}

/** The rows of those that were scored on the same candles, and last that of the naive forecast on them. */
export function rowsOf(group: readonly Contender[]): Row[] {
  const rows: Row[] = group.flatMap((contender) =>
    contender.metrics
      ? [
          {
            key: contender.id,
            name: contender.model_type,
            on: `${contender.metrics.steps.length} ahead, ${count(contender.metrics.rows)} test rows`,
            scores: contender.metrics.overall,
            currency: quoteOf(contender.ticker),
            contender,
            letters: contender.letter,
          },
        ]
      : [],
  );
  const naive = group[0]?.baseline;
  if (!naive) return rows;
  const letters = group.map(({ letter }) => letter).join(", ");
  const naiveRow: Row = {
    key: `naive ${letters}`,
    name: "Naive",
    on: `on the rows of ${letters}`,
    scores: naive.overall,
    currency: rows[0]?.currency ?? "",
    contender: null,
    letters,
  };
  return [...rows, naiveRow];
}

/** The key of the row with the best value; null where no side is better, or the best two are equal. */
export function bestOf(metric: Pick<Metric, "key" | "better">, rows: readonly Row[]): string | null {
  if (metric.better === null) return null;
  const sign = metric.better === "low" ? 1 : -1;
  const ranked = rows.flatMap(({ key, scores }) => {
    const value = scores[metric.key];
    return typeof value === "number" ? [{ key, value: sign * value }] : [];
  });
  ranked.sort((one, other) => one.value - other.value);
  const [first, second] = ranked;
  return first && second && first.value < second.value ? first.key : null;
}
