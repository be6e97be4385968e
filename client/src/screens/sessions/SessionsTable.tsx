import { Link } from "wouter";

import type { Session } from "@/api/types";
import { type Column, type Sorting, Table } from "@/components/Table";
import { Status } from "@/components/Status";
import { Time } from "@/components/Time";
import { count, percent, price, quoteOf } from "@/format/numbers";
import { duration, localTime } from "@/format/times";

import { Outcome } from "./Outcome";
import { RetryButton } from "./RetryButton";
import { Choose } from "./SelectionBar";
import type { Selection } from "./useSelection";

interface SessionsTableProps {
  sessions: readonly Session[];
  sorting: Sorting;
  onSort: (sorting: Sorting) => void;
  selection: Selection;
  onRefused: (error: unknown) => void;
}

/** Sessions, a row each: what was trained, how it ended, and what it was worth beside naive. */
export function SessionsTable({ sessions, sorting, onSort, selection, onRefused }: SessionsTableProps) {
  const columns: Column<Session>[] = [
    {
      key: "name",
      title: "Training",
      sortBy: "model_type",
      cell: (session) => <Name session={session} selection={selection} />,
    },
    { key: "status", title: "Status", sortBy: "status", cell: (session) => <How session={session} /> },
    {
      key: "skill",
      title: "Skill (naive: 0 %)",
      numeric: true,
      sortBy: "skill",
      cell: ({ metrics }) => <Outcome scores={metrics?.overall} />,
    },
    {
      key: "rmse",
      title: "RMSE, and naive's",
      numeric: true,
      cell: ({ metrics, baseline, ticker }) => (
        <span className="inline-flex flex-col items-start lg:items-end">
          <span>{price(metrics?.overall.rmse, metrics ? quoteOf(ticker) : undefined)}</span>
          {baseline && <span className="text-xs text-muted">naive {price(baseline.overall.rmse)}</span>}
        </span>
      ),
    },
    {
      key: "seconds",
      title: "Took",
      numeric: true,
      sortBy: "seconds",
      cell: (session) => duration(secondsOf(session)),
    },
    {
      key: "created_at",
      title: "Asked for",
      numeric: true,
      sortBy: "created_at",
      cell: ({ created_at }) => <Time moment={created_at} />,
    },
    {
      key: "actions",
      title: <span className="sr-only">Once more</span>,
      numeric: true,
      cell: (session) =>
        session.finished_at && <RetryButton session={session} name={nameOf(session)} onRefused={onRefused} />,
    },
  ];
  return (
    <Table
      caption="Training sessions"
      columns={columns}
      rows={sessions}
      rowKey={({ session_id }) => session_id}
      sorting={sorting}
      onSort={onSort}
      stacked
    />
  );
}

function Name({ session, selection }: { session: Session; selection: Selection }) {
  const { session_id, ticker, interval, model_type, params } = session;
  return (
    <span className="flex items-center gap-2">
      <Choose id={session_id} name={nameOf(session)} selection={selection} />
      <span className="min-w-0">
        <Link
          href={`/train/${session_id}`}
          className="font-semibold hover:text-accent hover:underline xl:whitespace-nowrap"
        >
          {model_type} on {ticker}
        </Link>
        <span className="block text-xs font-normal whitespace-nowrap text-muted">
          {interval} · sees {count(params.lookback)}, forecasts {count(params.horizon)}
        </span>
      </span>
    </span>
  );
}

function How({ session }: { session: Session }) {
  const { status, error, progress, queue_position: position } = session;
  return (
    <span className="flex flex-col items-start gap-0.5">
      <Status status={status} />
      {status === "FAILED" && error && (
        <span className="line-clamp-2 max-w-64 min-w-40 text-xs text-muted" title={error.message}>
          {error.message}
        </span>
      )}
      {status === "IN_PROGRESS" && (
        <span className="text-xs text-muted">
          {percent(progress.percentage / 100, 0)}
          {progress.eta_seconds !== null && `, about ${duration(Math.max(5, progress.eta_seconds))} left`}
        </span>
      )}
      {status === "PENDING" && position && (
        <span className="text-xs text-muted">number {position} in the queue</span>
      )}
    </span>
  );
}

function secondsOf({ started_at, finished_at }: Session): number | null {
  return started_at && finished_at ? (Date.parse(finished_at) - Date.parse(started_at)) / 1000 : null;
}

function nameOf({ model_type, ticker, created_at }: Session): string {
  return `${model_type} on ${ticker} of ${localTime(created_at)}`;
}
