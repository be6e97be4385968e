import { useRunSchedule, useSchedules } from "@/api/hooks/useSchedules";
import type { Schedule } from "@/api/systemApi";
import { Button } from "@/components/Button";
import { Card } from "@/components/Card";
import { ErrorState, SkeletonRows } from "@/components/States";
import { Time } from "@/components/Time";

import { resultOf } from "./resultWords";

/** What is done again and again: when, how the last run ended, and a run now. */
export function Schedules() {
  const schedules = useSchedules();
  return (
    <Card title="Schedules" hint="Done by the market worker; each can be run now as well.">
      {schedules.isLoadingError ? (
        <ErrorState error={schedules.error} onRetry={() => void schedules.refetch()} />
      ) : schedules.data ? (
        <ul aria-label="Schedules">
          {schedules.data.map((each) => (
            <Line key={each.name} schedule={each} />
          ))}
        </ul>
      ) : (
        <SkeletonRows />
      )}
    </Card>
  );
}

function Line({ schedule: { name, does, when, last_run: last } }: { schedule: Schedule }) {
  const run = useRunSchedule();
  return (
    <li className="flex flex-wrap items-start gap-x-4 gap-y-2 border-b border-line py-2.5 last:border-0">
      <div className="min-w-0 flex-1 basis-56">
        <p className="font-medium">{does}</p>
        <p className="text-[13px] text-muted">{withCode(when)}</p>
        <p className="text-[13px]">
          <LastRun run={last} />
        </p>
        {run.isError && <ErrorState error={run.error} />}
      </div>
      <Button busy={run.isPending || last?.status === "IN_PROGRESS"} onClick={() => run.mutate(name)}>
        Run now<span className="sr-only">: {does}</span>
      </Button>
    </li>
  );
}

/** A sentence of the server with what it names between backticks set as code. */
function withCode(sentence: string) {
  return sentence.split("`").map((part, index) =>
    index % 2 === 1 ? (
      <code key={index} className="font-mono text-xs">
        {part}
      </code>
    ) : (
      part
    ),
  );
}

function LastRun({ run }: { run: Schedule["last_run"] }) {
  if (!run) return <span className="text-muted">Has not run yet.</span>;
  const { status, started_at: started, finished_at: finished, result, error } = run;
  switch (status) {
    case "IN_PROGRESS":
      return (
        <span className="text-accent">
          <span aria-hidden>● </span>Runs since <Time moment={started} />
        </span>
      );
    case "FAILED":
      return (
        <span className="text-bad">
          <span aria-hidden>✕ </span>Failed <Time moment={finished} />: {error?.message}{" "}
          <span className="font-mono text-xs text-muted">{error?.error_code}</span>
        </span>
      );
    case "COMPLETED":
      return (
        <span className="text-muted">
          <span aria-hidden className="text-good">
            ✓{" "}
          </span>
          Ended well <Time moment={finished} />
          {resultOf(result)}
        </span>
      );
  }
}
