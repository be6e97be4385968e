import { Hint } from "@/components/Hint";

import type { Metric } from "./metrics";

/** A score's name, with its unit where all are in the same currency, and what it means. */
export function MetricName({ metric, currency }: { metric: Metric; currency: string | null }) {
  const { name, explained, money } = metric;
  return (
    <span>
      {name}
      {money && currency && `, ${currency}`}
      <span className="ml-1 inline-block align-[-2px]">
        <Hint label={name}>{explained}</Hint>
      </span>
    </span>
  );
}
