import type { Model, ModelDetails } from "@/api/modelsApi";
import type { Baseline, Report, Scores } from "@/api/report";
import { type Column, Table } from "@/components/Table";
import { count, quoteOf } from "@/format/numbers";
import { utcDay } from "@/format/times";
import { type Metric, METRICS, type Score } from "@/screens/result/metrics";

import { comparisonSentence } from "./sentences";

const SHOWN = ["skill", "dm_p_value", "rmse", "directional_accuracy", "coverage_80", "coverage_95"];
const ROWS = METRICS.filter(({ key }) => SHOWN.includes(key));

/** The figures of a model and of the active one, each with naive's on the same rows as it. */
export function Beside({ model, active }: { model: Model | ModelDetails; active: Model | null }) {
  const currency = quoteOf(model.ticker);
  const shown: [string, Overall, Naive][] = [
    [`Version ${model.version}`, model.metrics, model.baseline],
    ...(active ? [[`Version ${active.version}, active`, active.metrics, active.baseline] as Shown] : []),
  ];
  const columns: Column<Metric>[] = [
    { key: "name", title: "Score", cell: ({ name }) => name },
    ...shown.map(([title, metrics, baseline]) => ({
      key: title,
      title,
      numeric: true,
      cell: (metric: Metric) => (
        <>
          <span className="block text-ink">{valueOf(metric, metrics.overall, currency)}</span>
          {metric.key !== "dm_p_value" && metric.key !== "directional_accuracy" && (
            <span className="block text-xs">naive {valueOf(metric, baseline.overall, currency)}</span>
          )}
        </>
      ),
    })),
  ];
  return (
    <div className="mt-3 flex flex-col gap-3">
      <Table caption="Figures of both models" columns={columns} rows={ROWS} rowKey={({ key }) => key} />
      <p className="text-[13px]">{fairness(model, active)}</p>
    </div>
  );
}

type Scored = Pick<Report, "rows" | "period">;
type Overall = Pick<Report, "overall">;
type Naive = Pick<Baseline, "overall">;
type Shown = [string, Overall, Naive];

function valueOf(metric: Metric, scores: Scores, currency: string): string {
  return metric.format(scores[metric.key] as Score, currency);
}

/** Whether the columns can be held against each other. */
function fairness(model: Model | ModelDetails, active: Model | null): string {
  if (!active) return "";
  if (model.comparison?.active_id === active.model_id)
    return comparisonSentence(model.comparison, quoteOf(model.ticker), "the active model");
  const [one, other] = [model.metrics, active.metrics];
  const same = one.period.start === other.period.start && one.period.end === other.period.end;
  if (same && model.horizon === active.horizon) return "Both were scored on the same test rows.";
  const ahead =
    model.horizon === active.horizon ? "" : `, up to ${model.horizon} and ${active.horizon} candles ahead`;
  return `Scored on different test rows (${spanOf(one)}, and ${spanOf(other)})${ahead}: compare each with its own naive.`;
}

function spanOf({ rows, period }: Scored): string {
  return `${count(rows)} from ${utcDay(period.start)} to ${utcDay(period.end)}`;
}
