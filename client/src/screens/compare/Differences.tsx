import { useState } from "react";

import { Card } from "@/components/Card";
import { classes } from "@/components/classes";
import { Select } from "@/components/Field";
import { Skeleton } from "@/components/States";
import { count, percent, price, quoteOf } from "@/format/numbers";
import { luckOf } from "@/screens/models/sentences";
import { verdictOf } from "@/screens/result/verdict";

import { Letter } from "./Chips";
import type { Contender } from "./contenders";
import { FEWEST_IN_COMMON } from "./significance";
import { type Pair, useDifferences } from "./useDifferences";

/** What each is worth against naive, in words that say whether it may be luck. */
export function AgainstNaive({ contenders }: { contenders: readonly Contender[] }) {
  const scored = contenders.filter(({ metrics }) => metrics);
  if (scored.length === 0) return null;
  return (
    <Card
      title="Against the naive forecast"
      hint="Over all candles ahead, each on its own test part. A model that cannot beat naive is of no use, however it compares with others."
    >
      <ul className="flex flex-col gap-2.5">
        {scored.map((each) => (
          <li key={each.id} className="flex items-start gap-2.5">
            <Letter contender={each} />
            <span className="pt-0.5">{verdictOf(each.metrics!.overall).sentence}</span>
          </li>
        ))}
      </ul>
    </Card>
  );
}

/** Each against each other one, in words that say whether the difference may be luck. */
export function AgainstEachOther({ contenders }: { contenders: readonly Contender[] }) {
  const [step, setStep] = useState(1);
  const { pairs, pending, missing } = useDifferences(contenders, step);
  const furthest = Math.max(1, ...contenders.map(({ metrics }) => metrics?.steps.length ?? 1));
  return (
    <Card
      title="Against each other"
      hint="Two at a time, on the newest test forecasts that both have made (Diebold-Mariano test)."
      actions={
        <Select
          aria-label="How many candles ahead"
          className="!w-auto"
          value={step}
          onChange={(event) => setStep(Number(event.target.value))}
        >
          {Array.from({ length: furthest }, (_, index) => (
            <option key={index} value={index + 1}>
              {index + 1} {index === 0 ? "candle" : "candles"} ahead
            </option>
          ))}
        </Select>
      }
    >
      {pending ? (
        <Skeleton className="h-24" />
      ) : pairs.length === 0 ? (
        <p className="text-muted">
          No two of these have forecast the same series this far ahead and kept their test part.
        </p>
      ) : (
        <ul className={classes("grid gap-x-10 gap-y-2.5", contenders.length > 3 && "xl:grid-cols-2")}>
          {pairs.map((pair) => (
            <li key={`${pair.one.id} ${pair.other.id}`} className="flex items-start gap-2.5">
              <span className="flex gap-1">
                <Letter contender={pair.one} />
                <Letter contender={pair.other} />
              </span>
              <span className="pt-0.5">{sentenceOf(pair)}</span>
            </li>
          ))}
        </ul>
      )}
      {missing.length > 0 && (
        <p className="mt-3 text-xs text-muted">The test part of {missing.join(", ")} could not be read.</p>
      )}
      {pairs.length > 2 && (
        <p className="mt-3 text-xs text-muted">
          With {count(pairs.length)} comparisons, mind that one in twenty would look like more than luck by
          luck alone.
        </p>
      )}
    </Card>
  );
}

function sentenceOf({ one, other, difference }: Pair): string {
  if (!difference) return `They share fewer than ${FEWEST_IN_COMMON} test forecasts: nothing can be said.`;
  const { rows, rmse, otherRmse, p } = difference;
  const [better, worse] = rmse <= otherRmse ? [one, other] : [other, one];
  const [small, large] = rmse <= otherRmse ? [rmse, otherRmse] : [otherRmse, rmse];
  const currency = quoteOf(one.ticker);
  if (small === large) return `${one.letter} and ${other.letter} have the same error.`;
  return (
    `${better.letter}’s error is ${percent(1 - small / large, 2)} smaller than ${worse.letter}’s on ${count(rows)} ` +
    `forecasts (RMSE ${price(small, currency)} against ${price(large, currency)}). ${luckOf(p)}`
  );
}
