import { useMemo } from "react";

import { type Line, LineChart } from "@/charts/LineChart";
import { Card } from "@/components/Card";
import { signedPercent } from "@/format/numbers";

import type { Contender } from "./contenders";
import { linesOf } from "./Curves";

const NAIVE: Line = { label: "Naive", colour: "naive", dashed: true };

/** Skill by candles ahead: the one score that can be compared across horizons and markets. */
export function SkillBySteps({ contenders }: { contenders: readonly Contender[] }) {
  const scored = useMemo(() => contenders.filter(({ metrics }) => metrics), [contenders]);
  const lines = useMemo(() => [NAIVE, ...linesOf(scored)], [scored]);
  const data = useMemo(() => {
    const furthest = Math.max(0, ...scored.map(({ metrics }) => metrics?.steps.length ?? 0));
    const steps = Array.from({ length: furthest }, (_, index) => index + 1);
    return [
      steps,
      steps.map(() => 0),
      ...scored.map(({ metrics }) => steps.map((step) => metrics?.steps[step - 1]?.skill ?? null)),
    ];
  }, [scored]);
  if (scored.length === 0) return null;
  return (
    <Card
      title="Skill by candles ahead"
      hint="How much smaller the error is than naive’s. Above the dashed line a model is better than naive."
    >
      <LineChart
        summary={`Skill against naive by candles ahead, of ${scored.map(({ letter }) => letter).join(", ")}.`}
        lines={lines}
        data={data}
        xLabel="Candles ahead"
        formatY={(value) => signedPercent(value)}
        height={280}
      />
    </Card>
  );
}
