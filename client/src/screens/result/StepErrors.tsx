import { useMemo, useState } from "react";

import type { Baseline, Report } from "@/api/report";
import { type Line, LineChart } from "@/charts/LineChart";
import { Card } from "@/components/Card";
import { CheckBox } from "@/components/Field";
import { axisPrice, signedPercent } from "@/format/numbers";

interface StepErrorsProps {
  metrics: Report;
  baseline: Baseline;
  interval: string;
  currency: string;
}

const LINES: readonly Line[] = [
  { label: "Model", colour: "model" },
  { label: "Naive", colour: "naive", dashed: true },
];

/** The error by how far ahead as a share of naive's, for in money the two lines are often one; or in money. */
export function StepErrors({ metrics, baseline, interval, currency }: StepErrorsProps) {
  const [relative, setRelative] = useState(true);
  const data = useMemo(
    () => [
      metrics.steps.map(({ step }) => step),
      metrics.steps.map(({ rmse, skill }) => (relative ? skill : rmse)),
      baseline.steps.map(({ rmse }) => (relative ? 0 : rmse)),
    ],
    [metrics, baseline, relative],
  );
  const [first, last] = [metrics.steps[0], metrics.steps.at(-1)];
  return (
    <Card
      title="Error by horizon"
      hint={
        relative
          ? "Skill: how much smaller the error is than naive's. Above the dashed line the model is better."
          : `RMSE in ${currency}: the further ahead, the larger. Below the dashed line the model is better.`
      }
      actions={<CheckBox label="Relative to naive" checked={relative} onChange={setRelative} />}
    >
      <LineChart
        key={String(relative)}
        summary={`RMSE by candles ahead, of the model and of naive. Skill ${signedPercent(first?.skill)} one candle ahead, ${signedPercent(last?.skill)} at ${last?.step ?? 0}.`}
        lines={LINES}
        data={data}
        fromZero={!relative}
        xLabel={`Candles ahead (${interval})`}
        formatY={relative ? signedPercent : axisPrice}
        height={240}
      />
    </Card>
  );
}
