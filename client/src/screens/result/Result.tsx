import { type ReactNode, useMemo } from "react";

import { modelsApi } from "@/api/modelsApi";
import type { Baseline, Report } from "@/api/report";
import type { Session } from "@/api/types";
import { Button, DownloadLink } from "@/components/Button";
import { Card } from "@/components/Card";
import { download } from "@/components/download";
import { Stat, Stats } from "@/components/Stat";
import { count, percent, price, quoteOf, signedPercent } from "@/format/numbers";
import { utcDay } from "@/format/times";

import { Coverage } from "./Coverage";
import { csvOf } from "./metrics";
import { MetricsTable } from "./MetricsTable";
import { StepErrors } from "./StepErrors";
import { TestPart } from "./TestPart";
import { verdictOf, type Verdict } from "./verdict";

interface ResultProps {
  session: Session;
  metrics: Report;
  baseline: Baseline;
}

/** What a completed training is worth, beside the naive forecast on the same rows; `children` tell how it learned. */
export function Result({ session, metrics, baseline, children }: ResultProps & { children: ReactNode }) {
  const currency = quoteOf(session.ticker);
  const { overall, period, rows } = metrics;
  const verdict = useMemo(() => verdictOf(overall), [overall]);
  return (
    <>
      <Card
        title="Result"
        hint={`Scored once on ${count(rows)} forecasts from ${utcDay(period.start)} to ${utcDay(period.end)}, which the network had never seen.`}
        actions={<Downloads session={session} metrics={metrics} baseline={baseline} />}
      >
        <VerdictLine verdict={verdict} />
        <Stats>
          <Stat
            label="Typical error (RMSE)"
            value={price(overall.rmse, currency)}
            beside={`naive ${price(baseline.overall.rmse, currency)}`}
            explained="The size of a usual miss; large misses weigh more. Compare it with naive's below."
          />
          <Stat
            label="Skill"
            value={signedPercent(overall.skill)}
            beside="naive 0 %"
            explained="How much smaller the error is than the naive forecast's. Below zero it is larger."
          />
          <Stat
            label="Direction right"
            value={percent(overall.directional_accuracy)}
            beside={directionBeside(metrics)}
            explained="How often the forecast was on the side to which the price moved. A coin gets 50 %; naive takes no side."
          />
          <Stat
            label="Inside the 80 % band"
            value={percent(overall.coverage_80)}
            beside={`naive ${percent(baseline.overall.coverage_80)}`}
            explained="Measured on the test part. Close to 80 % means that the band can be trusted."
          />
          <Stat
            label="Inside the 95 % band"
            value={percent(overall.coverage_95)}
            beside={`naive ${percent(baseline.overall.coverage_95)}`}
            explained="Measured on the test part. Close to 95 % means that the band can be trusted."
          />
        </Stats>
      </Card>
      {session.model_id && (
        <TestPart
          modelId={session.model_id}
          horizon={metrics.steps.length}
          interval={session.interval}
          currency={currency}
        />
      )}
      <div className="grid items-start gap-4 md:gap-5 xl:grid-cols-2">
        <StepErrors metrics={metrics} baseline={baseline} interval={session.interval} currency={currency} />
        <Coverage metrics={metrics} baseline={baseline} interval={session.interval} />
      </div>
      <div className="grid items-start gap-4 md:gap-5 xl:grid-cols-2">
        <MetricsTable
          metrics={metrics}
          baseline={baseline}
          modelType={session.model_type}
          currency={currency}
        />
        <div className="flex min-w-0 flex-col gap-4 md:gap-5">{children}</div>
      </div>
    </>
  );
}

function directionBeside({ overall }: Report): string {
  const interval = overall.directional_accuracy_interval;
  return interval ? `95 %: ${percent(interval[0])} to ${percent(interval[1])}` : "naive takes no side";
}

const LOOKS: Record<Verdict["outcome"], { sign: string; look: string }> = {
  better: { sign: "▲", look: "bg-good-soft text-good" },
  worse: { sign: "▼", look: "bg-bad-soft text-bad" },
  same: { sign: "≈", look: "bg-sunken text-muted" },
  unknown: { sign: "?", look: "bg-sunken text-muted" },
};

function VerdictLine({ verdict }: { verdict: Verdict }) {
  const { sign, look } = LOOKS[verdict.outcome];
  return (
    <p className="mb-5 flex items-center gap-3 text-base font-semibold md:text-lg">
      <span aria-hidden className={`grid size-8 shrink-0 place-items-center rounded-full ${look}`}>
        {sign}
      </span>
      {verdict.sentence}
    </p>
  );
}

function Downloads({ session, metrics, baseline }: ResultProps) {
  const name = `${session.ticker}_${session.interval}_${session.model_type}_${session.session_id.slice(0, 8)}`;
  const asJson = () => {
    const { session_id, ticker, interval, model_type, params } = session;
    return JSON.stringify({ session_id, ticker, interval, model_type, params, metrics, baseline }, null, 2);
  };
  return (
    <>
      <Button onClick={() => download(`${name}.csv`, "text/csv", csvOf(metrics, baseline))}>
        Metrics as CSV
      </Button>
      <Button onClick={() => download(`${name}.json`, "application/json", asJson())}>as JSON</Button>
      {session.model_id && (
        <DownloadLink href={modelsApi.exportAddress(session.model_id)}>Model as one file</DownloadLink>
      )}
    </>
  );
}
