import type { Metric, Score } from "@/screens/result/metrics";

import { Letter } from "./Chips";
import { bestOf, type Row } from "./scoreRows";

/** The letter of a contender; the dashes of naive. */
export function Mark({ row: { contender } }: { row: Row }) {
  if (contender) return <Letter contender={contender} />;
  return (
    <span className="grid h-6 place-items-center">
      <svg viewBox="0 0 24 10" className="h-2.5 w-6 shrink-0" aria-hidden>
        <path d="M0 5h24" stroke="var(--naive)" strokeWidth="2.5" strokeDasharray="5 3" />
      </svg>
    </span>
  );
}

interface ValueProps {
  metric: Metric;
  row: Row;
  groups: readonly Row[][];
  /** The currency that is named elsewhere already. */
  shared: string | null;
}

/** A score, marked where it is the best of those on the same rows. */
export function Value({ metric, row, groups, shared }: ValueProps) {
  const best = groups.some((group) => group.includes(row) && bestOf(metric, group) === row.key);
  return (
    <span className={best ? "font-semibold text-ink" : ""}>
      {best && (
        <span role="img" aria-label="best">
          ★{" "}
        </span>
      )}
      {metric.format(row.scores[metric.key] as Score, shared === null ? row.currency : "")}
    </span>
  );
}
