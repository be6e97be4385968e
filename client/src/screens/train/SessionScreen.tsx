import { useQueryClient } from "@tanstack/react-query";
import { useEffect } from "react";

import { useSession } from "@/api/hooks/useSession";
import { keys } from "@/api/keys";
import type { Session } from "@/api/types";
import { ButtonLink } from "@/components/Button";
import { Page } from "@/components/Page";
import { ErrorState, Loading, Notice, Skeleton } from "@/components/States";
import { Status } from "@/components/Status";
import { Time } from "@/components/Time";
import { count } from "@/format/numbers";
import { duration, utcDay } from "@/format/times";
import { useTraining } from "@/realtime/useTraining";
import { hasEnded, type TrainingView, viewOf } from "@/realtime/view";
import { Result } from "@/screens/result/Result";

import { CancelButton } from "./CancelButton";
import { FailureNotice } from "./FailureNotice";
import { EventLog } from "./EventLog";
import { LinkNotice } from "./LinkNotice";
import { LossCurves } from "./LossCurves";
import { ProgressCard } from "./ProgressCard";
import { RunningStrip } from "./RunningStrip";

const SHAPES = ["h-14 max-w-xl", "h-28", "h-80"];

/** `/train/<session>`: a training as it happens, and what came of it. */
export function SessionScreen({ sessionId }: { sessionId: string }) {
  const asked = useSession(sessionId);
  const stream = useTraining(sessionId);
  useFreshEnding(sessionId, stream.caughtUp && hasEnded(stream.view.status));
  const session = asked.data ?? stream.session;
  if (!session) {
    if (!asked.isError) return <Loading shapes={SHAPES} />;
    return (
      <Page title="Training" actions={<ButtonLink href="/sessions">All sessions</ButtonLink>}>
        <ErrorState error={asked.error} onRetry={() => void asked.refetch()} />
      </Page>
    );
  }
  const view = stream.session !== null || stream.lastSeq > 0 ? stream.view : viewOf(session);
  return (
    <Page
      title={`${session.model_type} on ${session.ticker}`}
      tab={tabTitle(session, view)}
      intro={<Parameters session={session} view={view} />}
      actions={<Actions session={session} view={view} />}
    >
      <RunningStrip current={sessionId} />
      <LinkNotice recovered={stream.recovered} ended={hasEnded(view.status)} />
      {view.status === "COMPLETED" ? (
        <Completed session={session} view={view} />
      ) : (
        <>
          <Standing session={session} view={view} />
          <div className="grid items-start gap-4 md:gap-5 xl:grid-cols-[7fr_5fr]">
            <LossCurves view={view} />
            <EventLog view={view} />
          </div>
        </>
      )}
    </Page>
  );
}

/** The events tell that a run has ended; when, and what the lists say of it, is asked for anew. */
function useFreshEnding(sessionId: string, ended: boolean): void {
  const queries = useQueryClient();
  useEffect(() => {
    if (!ended) return;
    for (const key of [keys.session(sessionId), keys.running])
      void queries.invalidateQueries({ queryKey: key });
  }, [ended, queries, sessionId]);
}

function Completed({ session, view }: { session: Session; view: TrainingView }) {
  if (!view.metrics || !view.baseline) return <Skeleton className="h-72" />;
  return (
    <Result session={{ ...session, model_id: view.modelId }} metrics={view.metrics} baseline={view.baseline}>
      <LossCurves view={view} />
      <EventLog view={view} />
    </Result>
  );
}

/** Where it stands that has no result: under way, failed or cancelled. */
function Standing({ session, view }: { session: Session; view: TrainingView }) {
  switch (view.status) {
    case "FAILED":
      return <FailureNotice session={session} error={view.error} />;
    case "CANCELLED":
      return (
        <Notice tone="warn">
          This training was cancelled{view.epochs.length > 0 && ` after ${count(view.epochs.length)} epochs`}.
          It has no model; its curves and its log stay.
        </Notice>
      );
    default:
      return <ProgressCard session={session} view={view} />;
  }
}

function Actions({ session, view }: { session: Session; view: TrainingView }) {
  if (!hasEnded(view.status)) return <CancelButton session={session} />;
  return (
    <>
      <ButtonLink href={`/train?from=${session.session_id}`}>Train again with changes</ButtonLink>
      <ButtonLink href="/train" kind="primary">
        New training
      </ButtonLink>
    </>
  );
}

function Parameters({ session, view }: { session: Session; view: TrainingView }) {
  const { params } = session;
  const took = session.started_at && session.finished_at;
  const facts = [
    `${session.interval} candles, ${utcDay(params.start_date)} to ${utcDay(params.end_date)}`,
    `sees ${count(params.lookback)} candles, forecasts ${count(params.horizon)}`,
    `batches of ${count(params.batch_size)}`,
    `learning rate ${params.learning_rate}`,
    params.patience === null ? "no early stopping" : `patience of ${count(params.patience)} epochs`,
    params.seed === null ? null : `seed ${params.seed}`,
  ].filter((fact) => fact !== null);
  return (
    <div className="flex flex-col gap-1.5 pt-1 text-[13px]">
      <p className="flex flex-wrap items-center gap-x-2.5 gap-y-1">
        <Status status={view.status} />
        <span>
          asked for <Time moment={session.created_at} />
        </span>
        {took && (
          <span>
            took {duration((Date.parse(session.finished_at!) - Date.parse(session.started_at!)) / 1000)}
          </span>
        )}
        {view.attempt > 1 && <span>attempt {view.attempt}, from its last checkpoint</span>}
      </p>
      {/* Each stays whole where the line breaks. */}
      <p>{facts.map((fact) => fact.replaceAll(" ", "\u00a0")).join(" · ")}</p>
    </div>
  );
}

function tabTitle(session: Session, view: TrainingView): string {
  const what = `${session.model_type} ${session.ticker}`;
  return view.status === "IN_PROGRESS" ? `${Math.round(view.percentage)} % ${what}` : what;
}
