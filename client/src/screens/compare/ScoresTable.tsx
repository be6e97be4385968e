import { Card } from "@/components/Card";
import { useNarrow } from "@/components/useNarrow";
import { METRICS } from "@/screens/result/metrics";

import type { Contender } from "./contenders";
import { groupsOf } from "./fairness";
import { ScoresByForecast } from "./ScoresByForecast";
import { ScoresByMetric } from "./ScoresByMetric";
import { rowsOf } from "./scoreRows";

const FORECAST = METRICS.filter(({ bands }) => !bands);
const BANDS = METRICS.filter(({ bands }) => bands);

/** All scores side by side; those on the same test rows stand together with their naive forecast. */
export function ScoresTable({ contenders }: { contenders: readonly Contender[] }) {
  const narrow = useNarrow();
  const groups = groupsOf(contenders).map(rowsOf);
  if (groups.length === 0) return null;
  const Scores = narrow ? ScoresByMetric : ScoresByForecast;
  return (
    <Card
      title="Scores"
      hint="★ marks the best among those scored on the same candles. No star: neither is better."
    >
      <div className="flex flex-col gap-6">
        <Scores caption="Scores of all and of naive" groups={groups} metrics={FORECAST} />
        <div>
          <h3 className="mb-1 text-[13px] font-medium">The bands around them</h3>
          <Scores caption="Bands of all and of naive" groups={groups} metrics={BANDS} />
        </div>
      </div>
    </Card>
  );
}
