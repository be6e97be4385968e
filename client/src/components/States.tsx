import type { ReactNode } from "react";

import { ApiError } from "@/api/failure";

import { Button } from "./Button";
import { classes } from "./classes";

/** Grey shapes where content will be; `className` gives the size. */
export function Skeleton({ className }: { className?: string }) {
  return <div aria-hidden className={classes("skeleton rounded-lg bg-sunken", className)} />;
}

/** A screen that is on its way: one grey shape a class. */
export function Loading({ shapes }: { shapes: readonly string[] }) {
  return (
    <div className="flex flex-col gap-4 md:gap-5" role="status">
      <span className="sr-only">Loading</span>
      {shapes.map((shape, index) => (
        <Skeleton key={index} className={shape} />
      ))}
    </div>
  );
}

/** Lines of a list that is on its way. */
export function SkeletonRows({ rows = 4 }: { rows?: number }) {
  return (
    <div className="flex flex-col gap-2" role="status">
      <span className="sr-only">Loading</span>
      {Array.from({ length: rows }, (_, index) => (
        <Skeleton key={index} className="h-8" />
      ))}
    </div>
  );
}

/** Nothing here yet: what would be here, and what to do for it. */
export function EmptyState({
  title,
  children,
  action,
}: {
  title: string;
  children: ReactNode;
  action?: ReactNode;
}) {
  return (
    <div className="grid justify-items-center gap-2 rounded-xl border border-dashed border-line-strong/60 px-6 py-10 text-center">
      <svg viewBox="0 0 48 24" className="h-8 text-line-strong" aria-hidden>
        <path d="M2 20l9-8 7 4 8-9" fill="none" stroke="currentColor" strokeWidth="2" strokeLinecap="round" />
        <path
          d="M26 7h20"
          stroke="currentColor"
          strokeWidth="2"
          strokeDasharray="3 4"
          strokeLinecap="round"
        />
      </svg>
      <p className="font-semibold">{title}</p>
      <p className="max-w-prose text-muted">{children}</p>
      {action && <div className="mt-2">{action}</div>}
    </div>
  );
}

/** What went wrong, in the server's words, with what support would ask for. */
export function ErrorState({ error, onRetry }: { error: unknown; onRetry?: () => void }) {
  const known = error instanceof ApiError ? error : null;
  return (
    <div role="alert" className="rounded-xl border border-bad/40 bg-bad-soft px-4 py-3">
      <p className="font-medium">
        <span aria-hidden className="mr-1.5 text-bad">
          ✕
        </span>
        {known?.message ?? "Something failed in this page. Reload it; if that does not help, report it."}
      </p>
      {known && known.status > 0 && (
        <p className="mt-1 font-mono text-xs break-all text-muted">
          {known.code}
          {known.requestId && ` · request ${known.requestId}`}
        </p>
      )}
      {onRetry && (
        <Button className="mt-3" onClick={onRetry}>
          Try again
        </Button>
      )}
    </div>
  );
}

type Tone = "info" | "good" | "warn" | "bad";
const TONES: Record<Tone, [string, string]> = {
  info: ["bg-accent-soft border-accent/30", "ℹ"],
  good: ["bg-good-soft border-good/30", "✓"],
  warn: ["bg-warn-soft border-warn/40", "!"],
  bad: ["bg-bad-soft border-bad/40", "✕"],
};

/** A sentence that stands out; its sign says what its colour says. */
export function Notice({
  tone = "info",
  children,
  action,
}: {
  tone?: Tone;
  children: ReactNode;
  action?: ReactNode;
}) {
  const [look, sign] = TONES[tone];
  return (
    <div
      className={classes("flex flex-wrap items-center gap-x-3 gap-y-2 rounded-xl border px-4 py-2.5", look)}
    >
      <span aria-hidden className="font-bold">
        {sign}
      </span>
      <div className="min-w-0 flex-1 basis-72">{children}</div>
      {action}
    </div>
  );
}
