import type { Baseline, Report, Scores } from "@/api/report";
import { Card } from "@/components/Card";
import { type Column, Table } from "@/components/Table";

import { MetricName } from "./MetricName";
import { intervalOf, type Metric, METRICS, type Score } from "./metrics";

interface MetricsTableProps {
  metrics: Report;
  baseline: Baseline;
  modelType: string;
  currency: string;
}

/** Every score of the model beside those of naive and drift; the best of each row is marked. */
export function MetricsTable({ metrics, baseline, modelType, currency }: MetricsTableProps) {
  const forecasts: readonly [string, Scores][] = [
    [modelType, metrics.overall],
    ["Naive", baseline.overall],
    ["Drift", baseline.drift],
  ];
  const columns: Column<Metric>[] = [
    {
      key: "name",
      title: "Score",
      cell: (metric) => <MetricName metric={metric} currency={currency} />,
    },
    ...forecasts.map(([name, scores], index) => ({
      key: name,
      title: name,
      numeric: true,
      cell: (metric: Metric) => (
        <Shown
          text={metric.format(scores[metric.key] as Score, "")}
          interval={intervalOf(metric, scores)}
          best={bestOf(metric, forecasts) === index}
        />
      ),
    })),
  ];
  return (
    <Card
      title="All scores"
      hint="Over all candles ahead. Naive says that the price stays; drift, that it goes on as it did on average. ★ marks the best of a row."
    >
      <Table
        caption="Scores of the model, naive and drift"
        columns={columns}
        rows={METRICS}
        rowKey={({ key }) => key}
      />
    </Card>
  );
}

function Shown({ text, interval, best }: { text: string; interval: string | null; best: boolean }) {
  return (
    <>
      {best && (
        <span role="img" aria-label="best">
          ★{" "}
        </span>
      )}
      <span className={best ? "font-semibold" : ""}>{text}</span>
      {interval && (
        <span className="block text-xs whitespace-normal text-muted md:whitespace-nowrap">
          95 %: {interval}
        </span>
      )}
    </>
  );
}

/** The position of the best value; none where the metric has no better side, or values are missing or equal. */
function bestOf(metric: Metric, forecasts: readonly [string, Scores][]): number | null {
  if (metric.better === null) return null;
  const sign = metric.better === "low" ? 1 : -1;
  const values = forecasts.map(([, scores]) => scores[metric.key]);
  const ranked = values.flatMap((value, index) =>
    typeof value === "number" ? [{ value: sign * value, index }] : [],
  );
  ranked.sort((one, other) => one.value - other.value);
  const [first, second] = ranked;
  return first && second && first.value < second.value ? first.index : null;
}
