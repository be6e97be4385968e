import { Card } from "@/components/Card";
import { Hint } from "@/components/Hint";
import { type Column, Table } from "@/components/Table";
import { type Metric, METRICS, type Score } from "@/screens/result/metrics";

import { Letter } from "./Chips";
import type { Contender } from "./contenders";
import { groupsOf } from "./fairness";
import { bestOf, type Row, rowsOf } from "./scoreRows";

/** All scores side by side, a row each; those on the same test rows stand together with their naive forecast. */
export function ScoresTable({ contenders }: { contenders: readonly Contender[] }) {
  const groups = groupsOf(contenders).map(rowsOf);
  if (groups.length === 0) return null;
  const hint =
    "★ marks the best of a column among those scored on the same candles. No star: neither is better.";
  return (
    <Card title="Scores" hint={hint}>
      <Table
        caption="Scores of all and of naive"
        columns={columnsOf(groups)}
        rows={groups.flat()}
        rowKey={({ key }) => key}
        rowClass={({ contender }) => (contender ? undefined : "bg-sunken text-muted border-b-2")}
      />
    </Card>
  );
}

function columnsOf(groups: readonly Row[][]): Column<Row>[] {
  const isBest = (metric: Metric, row: Row) =>
    groups.some((group) => group.includes(row) && bestOf(metric, group) === row.key);
  return [
    { key: "name", title: "Forecast", cell: (row) => <Name row={row} /> },
    ...METRICS.map((metric) => ({
      key: metric.key,
      title: (
        <span className="inline-flex items-center justify-end gap-1 whitespace-nowrap">
          {metric.name}
          <Hint label={metric.name}>{metric.explained}</Hint>
        </span>
      ),
      numeric: true,
      cell: (row: Row) => (
        <Value
          text={metric.format(row.scores[metric.key] as Score, row.currency)}
          best={isBest(metric, row)}
        />
      ),
    })),
  ];
}

function Name({ row: { contender, name, on } }: { row: Row }) {
  return (
    <span className="flex items-center gap-2 whitespace-nowrap">
      {contender ? (
        <Letter contender={contender} />
      ) : (
        <svg viewBox="0 0 24 10" className="h-2.5 w-6 shrink-0" aria-hidden>
          <path d="M0 5h24" stroke="var(--naive)" strokeWidth="2.5" strokeDasharray="5 3" />
        </svg>
      )}
      <span>
        {name}
        <span className="block text-xs font-normal text-muted">{on}</span>
      </span>
    </span>
  );
}

function Value({ text, best }: { text: string; best: boolean }) {
  return (
    <span className={best ? "font-semibold text-ink" : ""}>
      {best && (
        <span role="img" aria-label="best">
          ★{" "}
        </span>
      )}
      {text}
    </span>
  );
}
