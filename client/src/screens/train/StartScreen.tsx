import { useSearchParams } from "wouter";

import { useSeries } from "@/api/hooks/useSeries";
import { useSession } from "@/api/hooks/useSession";
import { ButtonLink } from "@/components/Button";
import { Dismissible } from "@/components/Dismissible";
import { Page } from "@/components/Page";
import { EmptyState, ErrorState, Skeleton } from "@/components/States";

import { draftOf, FIRST_DRAFT } from "./parameters";
import { RunningStrip } from "./RunningStrip";
import { StartForm } from "./StartForm";

/** `/train`: what runs, and a form for more. It begins with `?from=<session>`, or `?ticker=…&interval=…`, if named. */
export function StartScreen() {
  return (
    <Page title="Train a forecaster">
      <Dismissible name="train">
        Choose a market and one of four networks, and watch it learn epoch by epoch. When it is done, it is
        scored once on a part of the data that it never saw. Every score stands beside that of the naive
        forecast, which says that the price stays where it is: that is the one to beat, and it is hard to
        beat.
      </Dismissible>
      <RunningStrip />
      <Form />
    </Page>
  );
}

function Form() {
  const [search] = useSearchParams();
  const from = search.get("from");
  const series = useSeries();
  if (series.isError) return <ErrorState error={series.error} onRetry={() => void series.refetch()} />;
  if (!series.data) return <Loading />;
  if (series.data.length === 0) {
    return (
      <EmptyState
        title="No candles are stored yet"
        action={<ButtonLink href="/market">Go to Market</ButtonLink>}
      >
        A training needs a series of prices. Import a CSV file on the Market screen, then come back.
      </EmptyState>
    );
  }
  if (from) return <FormFrom sessionId={from} />;
  const [ticker, interval] = [search.get("ticker"), search.get("interval") ?? ""];
  const given = ticker ? { ...FIRST_DRAFT, ticker, interval } : null;
  return <StartForm key={`${ticker} ${interval}`} stored={series.data} given={given} />;
}

function FormFrom({ sessionId }: { sessionId: string }) {
  const series = useSeries();
  const session = useSession(sessionId);
  if (session.isError) return <ErrorState error={session.error} onRetry={() => void session.refetch()} />;
  if (!session.data || !series.data) return <Loading />;
  return <StartForm key={sessionId} stored={series.data} given={draftOf(session.data)} />;
}

function Loading() {
  return (
    <div className="grid gap-5 xl:grid-cols-[5fr_7fr]" role="status">
      <span className="sr-only">Loading</span>
      <Skeleton className="h-[34rem]" />
      <Skeleton className="h-96" />
    </div>
  );
}
