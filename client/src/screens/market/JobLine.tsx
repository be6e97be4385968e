import { useQueryClient } from "@tanstack/react-query";
import { useEffect, useRef } from "react";

import { useCancelJob } from "@/api/hooks/useCancelJob";
import { Button } from "@/components/Button";
import { ProgressBar } from "@/components/ProgressBar";
import { ErrorState } from "@/components/States";
import { Status } from "@/components/Status";
import { Time } from "@/components/Time";
import { percent } from "@/format/numbers";
import { utcDay } from "@/format/times";
import type { MarketJob } from "@/api/marketApi";

import { doneBy, isActive, leftBehind, trouble } from "./jobWords";

/** One backfill: how far it is, what came of it, and what went wrong in the server's words. */
export function JobLine({ job }: { job: MarketJob }) {
  const { ticker, interval, params, status, percentage, error } = job;
  const cancel = useCancelJob();
  const active = isActive(job);
  const told = trouble(job);
  useStoredCandles(active);
  return (
    <div className="flex flex-col gap-1.5 text-[13px]">
      <p className="flex flex-wrap items-center gap-x-2.5 gap-y-1">
        <Status status={status} running="Fetching" />
        <span className="font-medium">
          {ticker} {interval}
        </span>
        <span className="text-muted">
          from {utcDay(params.since)} to {params.until ? utcDay(params.until) : "now"} · asked for{" "}
          <Time moment={job.created_at} />
        </span>
      </p>
      {active && (
        <div className="flex items-center gap-3">
          <div className="flex-1">
            <ProgressBar
              value={percentage}
              label={`Backfill of ${ticker} ${interval}`}
              quiet={status === "PENDING"}
            />
          </div>
          <span className="text-xs text-muted tabular-nums">{percent(percentage / 100, 0)}</span>
          <Button
            busy={cancel.isPending}
            disabled={job.cancel_requested}
            onClick={() => cancel.mutate(job.job_id)}
          >
            Cancel
            <span className="sr-only">
              the backfill of {ticker} {interval}
            </span>
          </Button>
        </div>
      )}
      <p className="text-muted">{doneBy(job)}</p>
      {leftBehind(job).map((sentence) => (
        <p key={sentence} className="text-warn">
          <span aria-hidden>! </span>
          {sentence}
        </p>
      ))}
      {told && (
        <p role="status" className={status === "FAILED" ? "text-bad" : "text-warn"}>
          <span aria-hidden>{status === "FAILED" ? "✕" : "!"} </span>
          {told} {error && <span className="font-mono text-xs text-muted">{error.error_code}</span>}
        </p>
      )}
      {cancel.isError && <ErrorState error={cancel.error} />}
    </div>
  );
}

/** What a backfill has stored is asked for when it ends. */
function useStoredCandles(active: boolean): void {
  const queries = useQueryClient();
  const before = useRef(active);
  useEffect(() => {
    if (before.current && !active) void queries.invalidateQueries({ queryKey: ["market"] });
    before.current = active;
  }, [queries, active]);
}
