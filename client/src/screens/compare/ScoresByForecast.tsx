import { type Column, Table } from "@/components/Table";
import { MetricName } from "@/screens/result/MetricName";

import { Mark, Value } from "./ScoreCells";
import { currencyOf, type Row, type ScoresProps } from "./scoreRows";

/** A row a forecast, a column a score. */
export function ScoresByForecast({ caption, groups, metrics }: ScoresProps) {
  const shared = currencyOf(groups);
  const columns: Column<Row>[] = [
    { key: "name", title: "Forecast", cell: (row) => <Name row={row} /> },
    ...metrics.map((metric) => ({
      key: metric.key,
      title: <MetricName metric={metric} currency={shared} />,
      numeric: true,
      cell: (row: Row) => <Value metric={metric} row={row} groups={groups} shared={shared} />,
    })),
  ];
  return (
    <Table
      caption={caption}
      columns={columns}
      rows={groups.flat()}
      rowKey={({ key }) => key}
      rowClass={({ contender }) => (contender ? undefined : "bg-sunken text-muted border-b-2")}
    />
  );
}

function Name({ row }: { row: Row }) {
  return (
    <span className="flex items-center gap-2 whitespace-nowrap">
      <Mark row={row} />
      <span>
        {row.name}
        <span className="block text-xs font-normal text-muted">{row.on}</span>
      </span>
    </span>
  );
}
