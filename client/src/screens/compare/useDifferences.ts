import { useQueries } from "@tanstack/react-query";

import { keys } from "@/api/keys";
import { testPart } from "@/api/testPart";

import type { Contender } from "./contenders";
import { type Difference, differenceOf } from "./significance";

// All that is kept of a test part.
const ROWS = 1500;

export interface Pair {
  one: Contender;
  other: Contender;
  /** Null: they share too few forecasts. */
  difference: Difference | null;
}

/** Every two that forecast the same series `step` candles ahead, on the test forecasts they share. */
export function useDifferences(contenders: readonly Contender[], step: number) {
  const able = contenders.filter(
    ({ modelId, metrics }) => modelId && metrics && metrics.steps.length >= step,
  );
  const parts = useQueries({
    queries: able.map(({ modelId }) => ({
      queryKey: keys.testPart(modelId!, step, ROWS),
      queryFn: () => testPart(modelId!, step, ROWS),
      staleTime: Infinity,
    })),
  });
  const pairs: Pair[] = able.flatMap((one, index) =>
    able.slice(index + 1).flatMap((other, offset) => {
      const [part, otherPart] = [parts[index]?.data, parts[index + 1 + offset]?.data];
      const same = one.ticker === other.ticker && one.interval === other.interval;
      return same && part && otherPart ? [{ one, other, difference: differenceOf(part, otherPart) }] : [];
    }),
  );
  return {
    pairs,
    pending: parts.some(({ isPending }) => isPending),
    missing: able.filter((_, index) => parts[index]?.isError).map(({ letter }) => letter),
  };
}
