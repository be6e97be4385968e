import { useSeries } from "@/api/hooks/useSeries";
import { AnchorLink } from "@/components/Button";
import { Card } from "@/components/Card";
import { Dismissible } from "@/components/Dismissible";
import { Page } from "@/components/Page";
import { EmptyState, ErrorState, SkeletonRows } from "@/components/States";

import { BackfillCard } from "./BackfillCard";
import { ImportCard } from "./ImportCard";
import { SeriesList } from "./SeriesList";

/** `/market`: every stored series as it moves, and where more come from. */
export function MarketScreen() {
  const series = useSeries();
  return (
    <Page
      title="Market"
      actions={
        <>
          <AnchorLink href="#fetch">Fetch more</AnchorLink>
          <AnchorLink href="#import">Import a file</AnchorLink>
        </>
      }
    >
      <Dismissible name="market">
        These are the prices that everything else is made of: a candle is the price&rsquo;s way through one
        hour, or whatever its length is. A followed series is forecast at each new candle by its active
        models. Missing candles are shown and never invented.
      </Dismissible>
      <Card
        title="Stored series"
        hint="Prices of followed series move as they are traded, of others they are those of the last candle. Open one for its candles and indicators."
      >
        {series.isLoadingError ? (
          <ErrorState error={series.error} onRetry={() => void series.refetch()} />
        ) : !series.data ? (
          <SkeletonRows />
        ) : series.data.length === 0 ? (
          <EmptyState title="No candles are stored yet">
            Fetch them from an exchange, or drop a CSV file below.
          </EmptyState>
        ) : (
          <SeriesList stored={series.data} />
        )}
      </Card>
      <div className="grid items-start gap-4 md:gap-5 xl:grid-cols-2">
        <BackfillCard />
        <ImportCard />
      </div>
    </Page>
  );
}
