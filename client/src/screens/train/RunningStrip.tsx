import { Link } from "wouter";

import { useRunning } from "@/api/hooks/useRunning";
import type { Session } from "@/api/types";
import { classes } from "@/components/classes";
import { ProgressBar } from "@/components/ProgressBar";
import { Status } from "@/components/Status";
import { percent } from "@/format/numbers";
import { useTraining } from "@/realtime/useTraining";

import { stageName } from "./stages";

/** Every session that waits or runs, each live, whoever started it. */
export function RunningStrip({ current }: { current?: string }) {
  const running = useRunning();
  const { sessions = [], count = 0, max_sessions: most = 0 } = running.data ?? {};
  const others = sessions.filter(({ session_id }) => session_id !== current);
  if (others.length === 0) return null;
  return (
    <section aria-label="Running sessions">
      <h2 className="mb-2 text-[13px] font-medium text-muted">
        {current ? "Other trainings under way" : "Trainings under way"} · {count} of at most {most} at once
      </h2>
      <ul className="flex snap-x gap-3 overflow-x-auto pb-1">
        {others.map((session) => (
          <li key={session.session_id} className="min-w-64 flex-1 snap-start sm:max-w-96">
            <RunningCard session={session} />
          </li>
        ))}
      </ul>
    </section>
  );
}

function RunningCard({ session }: { session: Session }) {
  const { session_id, ticker, interval, model_type, queue_position: position } = session;
  const { view, session: joined } = useTraining(session_id);
  const status = joined ? view.status : session.status;
  const percentage = joined ? view.percentage : session.progress.percentage;
  const waiting = status === "PENDING";
  return (
    <Link
      href={`/train/${session_id}`}
      className={classes(
        "block rounded-xl border border-line bg-surface p-3 shadow-card transition-colors hover:border-accent",
      )}
    >
      <span className="flex items-center justify-between gap-3">
        <span className="min-w-0 leading-tight font-semibold">
          {ticker} <span className="font-normal text-muted">{interval}</span>
          <span className="sr-only"> · </span>
          <span className="block text-xs font-normal text-muted">{model_type}</span>
        </span>
        <Status status={status} />
      </span>
      <span className="mt-2.5 block">
        <ProgressBar value={percentage} label={`Progress of ${model_type} on ${ticker}`} quiet={waiting} />
      </span>
      <span className="mt-1.5 flex justify-between text-xs text-muted">
        <span>{waiting && position ? `Number ${position} in the queue` : stageName(view.stage)}</span>
        <span>{percent(percentage / 100, 0)}</span>
      </span>
    </Link>
  );
}
