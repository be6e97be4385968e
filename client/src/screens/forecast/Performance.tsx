import { useMemo, useState } from "react";

import { usePerformance } from "@/api/hooks/usePerformance";
import type { Figures, SeriesName } from "@/api/predictionsApi";
import { LineChart } from "@/charts/LineChart";
import { Card } from "@/components/Card";
import { CheckBox } from "@/components/Field";
import { Stat, Stats } from "@/components/Stat";
import { ErrorState, SkeletonRows } from "@/components/States";
import { Time } from "@/components/Time";
import { axisPrice, count, percent, price, quoteOf, signedPercent } from "@/format/numbers";

interface PerformanceProps {
  series: SeriesName;
  modelId: string | undefined;
}

const LINES = [
  { label: "Naive", colour: "naive", dashed: true },
  { label: "Model", colour: "model" },
];

/** What the model's forecasts were worth in life, beside naive and what the bands promise. */
export function Performance({ series, modelId }: PerformanceProps) {
  const [hindcasts, setHindcasts] = useState(false);
  const query = { ...series, model_id: modelId, include_hindcasts: hindcasts };
  const overall = usePerformance({ ...query, group_by: "series" });
  const bySteps = usePerformance({ ...query, group_by: "step" });
  const figures = overall.data?.[0];
  return (
    <Card
      title={hindcasts ? "Live and earlier forecasts" : "Live performance"}
      hint="Forecasts made before the candles existed, scored once they were there, beside the naive forecast on the same rows."
      actions={
        <CheckBox
          label="Count forecasts from earlier candles too"
          checked={hindcasts}
          onChange={setHindcasts}
        />
      }
    >
      {overall.isLoadingError ? (
        <ErrorState error={overall.error} onRetry={() => void overall.refetch()} />
      ) : !overall.data ? (
        <SkeletonRows rows={2} />
      ) : figures ? (
        <div className="grid gap-5 xl:grid-cols-[3fr_2fr]">
          <Numbers figures={figures} currency={quoteOf(series.ticker)} />
          <ByStep groups={bySteps.data ?? []} series={series} />
        </div>
      ) : (
        <p className="py-2 text-muted">
          No live forecast has come true yet: the first is scored as soon as the next candle is stored.
        </p>
      )}
    </Card>
  );
}

function Numbers({ figures, currency }: { figures: Figures; currency: string }) {
  const { rows, origins, effective_rows: effective, first, last } = figures;
  return (
    <div>
      <p className="mb-4 font-semibold">{verdictOf(figures)}</p>
      <Stats>
        <Stat
          label="Skill"
          value={signedPercent(figures.skill)}
          beside="naive 0 %"
          explained="How much smaller the error is than the naive forecast's. Below zero it is larger."
        />
        <Stat
          label="Typical error (RMSE)"
          value={price(figures.rmse, currency)}
          beside={`naive ${price(figures.naive_rmse, currency)}`}
        />
        <Stat
          label="Direction right"
          value={percent(figures.directional_accuracy)}
          beside={`a coin 50 %${range(figures.directional_accuracy_interval)}`}
          explained="How often the price moved to the side that was forecast; naive takes no side."
        />
        <Stat
          label="Inside the 80 % band"
          value={percent(figures.coverage_80)}
          beside={`promised 80 %${range(figures.coverage_80_interval)}`}
          explained="How many outcomes lay inside the band; behind it, where the true share lies with 95 % certainty, given so few forecasts."
        />
        <Stat
          label="Inside the 95 % band"
          value={percent(figures.coverage_95)}
          beside={`promised 95 %${range(figures.coverage_95_interval)}`}
        />
      </Stats>
      <p className="mt-4 text-xs text-muted">
        {count(rows)} scored steps of forecasts from {count(origins)} candles, worth about{" "}
        {count(effective === null ? null : Math.round(effective))} that do not overlap; candles of{" "}
        <Time moment={first} /> to <Time moment={last} />.
      </p>
    </div>
  );
}

function range(interval: readonly number[] | null): string {
  return interval ? `, likely ${percent(interval[0], 0)} to ${percent(interval[1], 0)}` : "";
}

// Standard errors beyond which a difference is called more than luck.
const DECISIVE = 1.96;

/** Skill in words that claim no more than the rows can carry. */
function verdictOf({ skill, excess_loss: excess }: Figures): string {
  if (skill === null) return "The error cannot be compared with the naive forecast's.";
  const size = signedPercent(Math.abs(skill)).replace("+", "");
  const does = skill >= 0 ? `Beats the naive forecast by ${size}` : `Loses to the naive forecast by ${size}`;
  if (excess === null) return `${does}; too few rows to say whether that is luck.`;
  return Math.abs(excess) < DECISIVE
    ? `${does}: not distinguishable from luck so far.`
    : `${does}: more than luck would explain.`;
}

function ByStep({ groups, series }: { groups: readonly Figures[]; series: SeriesName }) {
  const data = useMemo(
    () => [
      groups.map(({ step }) => step),
      groups.map(({ naive_rmse: rmse }) => rmse),
      groups.map(({ rmse }) => rmse),
    ],
    [groups],
  );
  if (groups.length < 2) return null;
  return (
    <LineChart
      summary="Typical error by how many candles ahead, for the model and the naive forecast."
      lines={LINES}
      data={data}
      xLabel={`Candles ahead (${series.interval})`}
      formatY={(value) => axisPrice(value)}
      height={220}
      fromZero
    />
  );
}
