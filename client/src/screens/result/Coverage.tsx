import { useMemo } from "react";

import type { Baseline, Report } from "@/api/report";
import { type Line, LineChart } from "@/charts/LineChart";
import { Card } from "@/components/Card";
import { percent } from "@/format/numbers";

import { coverageSentence } from "./verdict";

const LINES: readonly Line[] = [
  { label: "Model", colour: "model" },
  { label: "", colour: "model" },
  { label: "Naive, with a constant width", colour: "naive", dashed: true },
  { label: "", colour: "naive", dashed: true },
];
const PROMISED = [
  { y: 0.8, label: "80 % promised" },
  { y: 0.95, label: "95 % promised" },
];

/** How often the bands held, by how far ahead. */
export function Coverage({
  metrics,
  baseline,
  interval,
}: {
  metrics: Report;
  baseline: Baseline;
  interval: string;
}) {
  const data = useMemo(
    () => [
      metrics.steps.map(({ step }) => step),
      metrics.steps.map((each) => each.coverage_80),
      metrics.steps.map((each) => each.coverage_95),
      baseline.steps.map((each) => each.coverage_80),
      baseline.steps.map((each) => each.coverage_95),
    ],
    [metrics, baseline],
  );
  const { overall } = metrics;
  const sentence = coverageSentence(overall.coverage_80, 0.8);
  return (
    <Card title="Measured coverage" hint={`How often the bands held. ${sentence}`}>
      <LineChart
        summary={`${sentence} ${coverageSentence(overall.coverage_95, 0.95)}`}
        lines={LINES}
        data={data}
        levels={PROMISED}
        xLabel={`Candles ahead (${interval})`}
        formatY={(value) => percent(value, 0)}
        height={240}
      />
    </Card>
  );
}
