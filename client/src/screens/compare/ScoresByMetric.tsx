import { type Column, Table } from "@/components/Table";
import { MetricName } from "@/screens/result/MetricName";
import type { Metric } from "@/screens/result/metrics";

import { Mark, Value } from "./ScoreCells";
import { currencyOf, type ScoresProps } from "./scoreRows";

/** A row a score, a column a forecast: for windows that are higher than wide. */
export function ScoresByMetric({ caption, groups, metrics }: ScoresProps) {
  const shared = currencyOf(groups);
  const columns: Column<Metric>[] = [
    {
      key: "name",
      title: "Score",
      cell: (metric) => <MetricName metric={metric} currency={shared} />,
    },
    ...groups.flat().map((row) => ({
      key: row.key,
      title: (
        <span className="inline-flex flex-col items-end gap-0.5">
          <Mark row={row} />
          {row.contender ? row.name : groups.length > 1 ? `${row.name} ${row.letters}` : row.name}
        </span>
      ),
      numeric: true,
      cell: (metric: Metric) => <Value metric={metric} row={row} groups={groups} shared={shared} />,
    })),
  ];
  return <Table caption={caption} columns={columns} rows={metrics} rowKey={({ key }) => key} pinned />;
}
