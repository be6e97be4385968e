import type { SourceState } from "@/api/systemApi";
import { Card } from "@/components/Card";
import { Time } from "@/components/Time";

import { clockWords, sourceWords } from "./sourceWords";

const TONES = {
  good: "bg-good-soft text-good",
  warn: "bg-warn-soft text-warn",
  bad: "bg-bad-soft text-bad",
  quiet: "bg-sunken text-muted",
};

/** Where candles and prices come from, and whether each of them answers. */
export function Sources({ sources }: { sources: readonly SourceState[] | null }) {
  return (
    <Card
      title="Sources of market data"
      hint="One that fails again and again is left alone for a while, by all processes at once."
    >
      {sources === null ? (
        <p className="py-2 text-warn">
          <span aria-hidden>! </span>How they are is not known: Redis does not answer.
        </p>
      ) : (
        <ul aria-label="Sources of market data">
          {sources.map((each) => (
            <Source key={each.source} source={each} />
          ))}
        </ul>
      )}
    </Card>
  );
}

function Source({ source }: { source: SourceState }) {
  const { sign, tone, word, means } = sourceWords(source);
  const clock = clockWords(source.clock_ahead);
  const { reason, failed_at: failed, succeeded_at: succeeded } = source;
  return (
    <li className="flex gap-3 border-b border-line py-2.5 last:border-0">
      <span
        aria-hidden
        className={`mt-0.5 grid size-5 shrink-0 place-items-center rounded-full text-xs font-bold ${TONES[tone]}`}
      >
        {sign}
      </span>
      <div className="min-w-0 flex-1 text-[13px] text-muted">
        <p className="text-[14px]">
          <span className="font-medium text-ink">{source.source}</span> {word}
        </p>
        {means && <p>{means}</p>}
        {clock && <p className="text-warn">{clock}</p>}
        {reason && (
          <p className="break-words">
            Last failure
            {failed !== null && (
              <>
                {" "}
                at <Moment seconds={failed} />
              </>
            )}
            : {reason}
          </p>
        )}
        {succeeded !== null && (
          <p className="text-xs">
            last answered <Moment seconds={succeeded} />
          </p>
        )}
      </div>
    </li>
  );
}

function Moment({ seconds }: { seconds: number }) {
  return <Time moment={new Date(seconds * 1000).toISOString()} />;
}
