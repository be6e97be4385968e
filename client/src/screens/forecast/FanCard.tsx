import type { ReactNode } from "react";
import { candleSeconds } from "@/api/intervals";
import { Link } from "wouter";

import type { ForecastLine, ServedModel, StoredForecast } from "@/api/predictionsApi";
import { Button } from "@/components/Button";
import { Card } from "@/components/Card";
import { Stat, Stats } from "@/components/Stat";
import { Notice } from "@/components/States";
import { Time } from "@/components/Time";
import { percent, price, quoteOf, signedPercent } from "@/format/numbers";
import { duration } from "@/format/times";

import { FanChart } from "./FanChart";
import { worded } from "./words";

interface FanCardProps {
  forecast: StoredForecast;
  model: ServedModel | undefined;
  newest: boolean;
  onNewest: () => void;
  others: readonly ForecastLine[];
  action: ReactNode;
}

/** One forecast: its fan on the candles, its numbers beside naive's, and what to be wary of. */
export function FanCard({ forecast, model, newest, onNewest, others, action }: FanCardProps) {
  return (
    <Card
      title={newest ? "The newest forecast" : "An earlier forecast, and what happened"}
      hint={<MadeBy forecast={forecast} model={model} />}
      actions={
        <>
          {!newest && <Button onClick={onNewest}>Back to the newest</Button>}
          {action}
        </>
      }
    >
      {forecast.warnings.length > 0 && <Warnings forecast={forecast} />}
      <Numbers forecast={forecast} />
      <FanChart forecast={forecast} others={others} />
    </Card>
  );
}

function MadeBy({ forecast, model }: Pick<FanCardProps, "forecast" | "model">) {
  const { model_type, model_version, model_id, origin, generated_at, trigger } = forecast;
  return (
    <>
      By{" "}
      <Link href={`/models/${model_id}`} className="font-medium text-accent underline">
        {model_type} version {model_version}
      </Link>
      {model && (
        <>
          {" "}
          ({model.status}, trained on candles until <Time moment={model.trained_until} />)
        </>
      )}
      , from the candle of <Time moment={origin.timestamp} />. Made <Time moment={generated_at} />{" "}
      {trigger === "schedule" ? "when that candle closed" : "on request"}.
    </>
  );
}

function Warnings({ forecast }: { forecast: StoredForecast }) {
  return (
    <ul aria-label="Warnings" className="mb-4 flex flex-col gap-2">
      {forecast.warnings.map((warning) => {
        const { title, text, tone } = worded(warning, forecast.interval);
        return (
          <li key={warning.code}>
            <Notice tone={tone}>
              <strong className="font-semibold">{title}</strong> {text}
            </Notice>
          </li>
        );
      })}
    </ul>
  );
}

function Numbers({ forecast }: { forecast: StoredForecast }) {
  const { origin, predictions, ticker, interval, horizon } = forecast;
  const currency = quoteOf(ticker);
  const [next, last] = [predictions[0], predictions.at(-1)];
  if (!next || !last) return null;
  const ahead = duration(horizon * candleSeconds(interval));
  const range = (lower: number, upper: number) => `${price(lower)} to ${price(upper)} ${currency}`;
  return (
    <div className="mb-4">
      <Stats>
        <Stat
          label="Last close known"
          value={price(origin.close, currency)}
          beside="what the naive forecast says for every step"
          explained="The close of the last candle that the model saw. The naive forecast is that it stays there."
        />
        <Stat
          label="Next candle"
          value={price(next.predicted_price, currency)}
          beside={`80 %: ${range(next.lower_80, next.upper_80)}`}
        />
        <Stat
          label={`In ${horizon} candles (${ahead})`}
          value={price(last.predicted_price, currency)}
          beside={`80 %: ${range(last.lower_80, last.upper_80)}`}
        />
        <Stat
          label="Change by then"
          value={signedPercent(last.predicted_price / origin.close - 1)}
          beside="naive 0 %"
          explained="Compared with the last close known. Where it is small beside the bands, it says little."
        />
        <Stat
          label="Confidence in the direction"
          value={percent(last.confidence_score, 0)}
          beside="a coin gets 50 %"
          explained="Of all outcomes on which the bands were calibrated: the share that would end on the side of the last close to which this forecast points, at the last step."
        />
      </Stats>
    </div>
  );
}
