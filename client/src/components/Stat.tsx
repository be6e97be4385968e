import type { ReactNode } from "react";

import { Hint } from "./Hint";

interface StatProps {
  label: string;
  value: ReactNode;
  /** What it is to be compared with: naive's value, as a rule. */
  beside?: ReactNode;
  /** What the number means, in a sentence. */
  explained?: string;
}

/** One number with its name, and what it is measured against. */
export function Stat({ label, value, beside, explained }: StatProps) {
  return (
    <div className="min-w-0">
      <dt className="flex items-center gap-1 text-xs text-muted">
        {label}
        {explained && <Hint label={label}>{explained}</Hint>}
      </dt>
      <dd className="mt-0.5 text-lg leading-snug font-semibold">{value}</dd>
      {beside && <dd className="text-xs text-muted">{beside}</dd>}
    </div>
  );
}

export function Stats({ children }: { children: ReactNode }) {
  return <dl className="grid grid-cols-[repeat(auto-fit,minmax(9.5rem,1fr))] gap-x-5 gap-y-4">{children}</dl>;
}
