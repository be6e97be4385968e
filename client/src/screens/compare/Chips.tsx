import { Link } from "wouter";

import { count } from "@/format/numbers";

import type { Contender } from "./contenders";
import { distinctionOf } from "./parameters";

/** A contender's letter and what it is. */
export function titleOf({ letter, model_type, ticker, interval }: Contender): string {
  return `${letter} · ${model_type} on ${ticker} ${interval}`;
}

export function Letter({ contender }: { contender: Contender }) {
  return (
    <span
      className="grid size-6 shrink-0 place-items-center rounded-md border-2 text-xs font-bold"
      style={{ borderColor: `var(--${contender.colour})`, color: `var(--${contender.colour})` }}
    >
      {contender.letter}
    </span>
  );
}

interface ChipsProps {
  contenders: readonly Contender[];
  onRemove: (id: string) => void;
}

/** What is compared, each with its letter, and a way to leave it out. */
export function Chips({ contenders, onRemove }: ChipsProps) {
  return (
    <ul aria-label="What is compared" className="flex flex-wrap gap-2">
      {contenders.map((each) => (
        <li
          key={each.id}
          className="flex items-center gap-2.5 rounded-xl border border-line bg-surface py-1.5 pr-1.5 pl-2.5 shadow-card"
        >
          <Letter contender={each} />
          <span className="min-w-0 text-[13px]">
            <Link href={each.href} className="font-semibold hover:text-accent hover:underline">
              {each.model_type} on {each.ticker}
            </Link>
            <span className="block text-xs text-muted">
              {each.interval} · sees {count(Number(each.parameters.lookback))}, forecasts{" "}
              {count(Number(each.parameters.horizon))}
              {!each.ended && " · still training"}
            </span>
            <Distinction text={distinctionOf(each, contenders)} />
          </span>
          <button
            type="button"
            aria-label={`Leave out ${titleOf(each)}`}
            onClick={() => onRemove(each.id)}
            className="grid size-8 place-items-center rounded-lg text-muted hover:bg-sunken hover:text-ink max-md:size-11"
          >
            ✕
          </button>
        </li>
      ))}
    </ul>
  );
}

function Distinction({ text }: { text: string }) {
  if (!text) return null;
  return (
    <span className="block max-w-80 truncate text-xs text-muted" title={text}>
      {text}
    </span>
  );
}
