import { Redirect } from "wouter";

import { useSeries } from "@/api/hooks/useSeries";
import { useServedModels } from "@/api/hooks/useServedModels";
import { ButtonLink } from "@/components/Button";
import { Page } from "@/components/Page";
import { EmptyState, ErrorState, Skeleton } from "@/components/States";

import { Intro } from "./Intro";
import { NoModel } from "./NoModel";

/** `/forecast`: on to the series of the best model in service, or what to do when there is none. */
export function FirstSeries() {
  const models = useServedModels({ status: "active" });
  const series = useSeries();
  const failed = models.isLoadingError ? models : series.isLoadingError ? series : null;
  const first = models.data?.[0] ?? null;
  if (first) return <Redirect to={`/forecast/${first.ticker}/${first.interval}`} replace />;
  return (
    <Page title="Forecast">
      <Intro />
      {failed ? (
        <ErrorState error={failed.error} onRetry={() => void failed.refetch()} />
      ) : models.data && series.data ? (
        <Nothing stored={series.data.length > 0} />
      ) : (
        <Skeleton className="h-96" />
      )}
    </Page>
  );
}

function Nothing({ stored }: { stored: boolean }) {
  if (!stored) {
    return (
      <EmptyState
        title="No candles are stored yet"
        action={<ButtonLink href="/market">Go to Market</ButtonLink>}
      >
        A forecast needs a series of prices and a model that has learned from it. Import a CSV file first.
      </EmptyState>
    );
  }
  return (
    <NoModel>
      A forecast is made by a trained model. The first one of a series goes into service by itself, and its
      forecasts appear here.
    </NoModel>
  );
}
