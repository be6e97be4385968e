import { useSeries } from "@/api/hooks/useSeries";
import { Card } from "@/components/Card";
import { Dismissible } from "@/components/Dismissible";
import { Page } from "@/components/Page";
import { EmptyState, ErrorState, SkeletonRows } from "@/components/States";

import { ImportCard } from "./ImportCard";
import { SeriesList } from "./SeriesList";

/** `/market`: every stored series, and the import of more. */
export function MarketScreen() {
  const series = useSeries();
  return (
    <Page title="Market">
      <Dismissible name="market">
        These are the prices that everything else is made of: a candle is the price&rsquo;s way through one
        hour, or whatever its length is. A followed series is forecast at each new candle by its active
        models. Missing candles are shown and never invented.
      </Dismissible>
      <Card
        title="Stored series"
        hint="Prices are closes of the last candle; open one for its candles and indicators."
      >
        {series.isError ? (
          <ErrorState error={series.error} onRetry={() => void series.refetch()} />
        ) : !series.data ? (
          <SkeletonRows />
        ) : series.data.length === 0 ? (
          <EmptyState title="No candles are stored yet">Drop a CSV file below to begin.</EmptyState>
        ) : (
          <SeriesList stored={series.data} />
        )}
      </Card>
      <ImportCard />
    </Page>
  );
}
