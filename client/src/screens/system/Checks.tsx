import type { Check } from "@/api/systemApi";
import { Card } from "@/components/Card";
import { brief } from "@/format/numbers";

import { inOrder, partOf } from "./words";

interface ChecksProps {
  checks: Readonly<Record<string, Check>>;
  /** Whether the answers are those of this moment. */
  now: boolean;
}

/** Each part that was asked, what it answered, and what is missing without it. */
export function Checks({ checks, now }: ChecksProps) {
  return (
    <Card
      title="Parts"
      hint={`Each was asked ${now ? "just now" : "then"}, the thing itself and not a note about it.`}
    >
      <ul>
        {inOrder(Object.entries(checks)).map(([key, check]) => (
          <Part key={key} name={key} check={check} />
        ))}
      </ul>
    </Card>
  );
}

function Part({ name, check }: { name: string; check: Check }) {
  const { name: title, does, without } = partOf(name);
  const well = check.status === "ok";
  const version = check.details.server_version;
  return (
    <li className="flex gap-3 border-b border-line py-2.5 last:border-0">
      <span
        aria-hidden
        className={`mt-0.5 grid size-5 shrink-0 place-items-center rounded-full text-xs font-bold ${well ? "bg-good-soft text-good" : "bg-bad-soft text-bad"}`}
      >
        {well ? "✓" : "✕"}
      </span>
      <div className="min-w-0 flex-1">
        <p className="font-medium">
          {title} <span className="font-normal text-muted">{well ? "works" : "is down"}</span>
        </p>
        <p className="text-[13px] text-muted">{does}</p>
        {!well && (
          <p className="mt-1 text-[13px]">
            {without} {check.error && <span className="text-muted">({check.error})</span>}
          </p>
        )}
      </div>
      <p className="text-right text-xs whitespace-nowrap text-muted tabular-nums">
        {brief(check.latency_ms)} ms
        {typeof version === "string" && <span className="block">version {version.split(" ")[0]}</span>}
      </p>
    </li>
  );
}
