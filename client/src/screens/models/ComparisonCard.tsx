import { Link } from "wouter";

import type { ModelDetails } from "@/api/modelsApi";
import { ButtonLink } from "@/components/Button";
import { Card } from "@/components/Card";
import { Stat, Stats } from "@/components/Stat";
import { pValue, price, quoteOf } from "@/format/numbers";
import { utcDay } from "@/format/times";

import { comparisonSentence, sentenceOf } from "./sentences";

/** How it did against the model that was active when it came. */
export function ComparisonCard({ model }: { model: ModelDetails }) {
  const { comparison: found, ticker } = model;
  const currency = quoteOf(ticker);
  return (
    <Card
      title="Against the model that was active then"
      hint="Both forecast the same candles, which neither had seen."
      actions={
        found && (
          <ButtonLink href={`/compare?ids=${model.model_id},${found.active_id}`}>Compare in full</ButtonLink>
        )
      }
    >
      {found ? (
        <>
          <p className="mb-4">
            {comparisonSentence(found, currency, "that model")}{" "}
            <Link href={`/models/${found.active_id}`} className="whitespace-nowrap text-accent underline">
              See that model
            </Link>
          </p>
          <Stats>
            <Stat
              label="RMSE"
              value={price(found.rmse, currency)}
              beside={`naive ${price(found.naive_rmse, currency)}`}
            />
            <Stat label="RMSE of that model" value={price(found.active_rmse, currency)} />
            <Stat label="p (Diebold-Mariano)" value={pValue(found.p_value)} />
            <Stat label="Test rows" value={`${utcDay(found.start)} to ${utcDay(found.end)}`} />
          </Stats>
        </>
      ) : (
        <p className="text-muted">{sentenceOf(`It was not compared: ${model.reason}`)}</p>
      )}
    </Card>
  );
}
