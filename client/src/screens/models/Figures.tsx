import type { ModelDetails } from "@/api/modelsApi";
import { Card } from "@/components/Card";
import { Stat, Stats } from "@/components/Stat";
import { count, percent, price, quoteOf, signedPercent } from "@/format/numbers";
import { utcDay } from "@/format/times";
import { coverageSentence, verdictOf } from "@/screens/result/verdict";

/** What the model is worth: a sentence, and the figures behind it beside naive's. */
export function Figures({ model }: { model: ModelDetails }) {
  const { metrics, baseline, ticker, interval, horizon } = model;
  const { overall, period, rows } = metrics;
  const currency = quoteOf(ticker);
  const direction = overall.directional_accuracy_interval;
  return (
    <Card
      title="What it is worth"
      hint={`Scored once on ${count(rows)} forecasts from ${utcDay(period.start)} to ${utcDay(period.end)}, up to ${count(horizon)} × ${interval} ahead.`}
    >
      <p className="mb-1 text-base font-semibold md:text-lg">{verdictOf(overall).sentence}</p>
      <p className="mb-5 text-muted">{coverageSentence(overall.coverage_80, 0.8)}</p>
      <Stats>
        <Stat label="Skill" value={signedPercent(overall.skill)} beside="naive 0 %" />
        <Stat
          label="Typical error (RMSE)"
          value={price(overall.rmse, currency)}
          beside={`naive ${price(baseline.overall.rmse, currency)} · drift ${price(baseline.drift.rmse, currency)}`}
        />
        <Stat
          label="Mean error (MAE)"
          value={price(overall.mae, currency)}
          beside={`naive ${price(baseline.overall.mae, currency)} · drift ${price(baseline.drift.mae, currency)}`}
        />
        <Stat
          label="Direction right"
          value={percent(overall.directional_accuracy)}
          beside={
            direction ? `95 %: ${percent(direction[0])} to ${percent(direction[1])}` : "naive takes no side"
          }
        />
        <Stat
          label="Inside the 95 % band"
          value={percent(overall.coverage_95)}
          beside={`naive ${percent(baseline.overall.coverage_95)}`}
        />
      </Stats>
    </Card>
  );
}
