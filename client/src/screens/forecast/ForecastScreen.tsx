import { useSearchParams } from "wouter";

import { useForecast } from "@/api/hooks/useForecast";
import { useForecasts } from "@/api/hooks/useForecasts";
import { useServedModels } from "@/api/hooks/useServedModels";
import type { SeriesName } from "@/api/predictionsApi";
import { Page } from "@/components/Page";
import { EmptyState, ErrorState, Loading } from "@/components/States";
import { useForecastRoom } from "@/realtime/useForecastRoom";

import { Choice } from "./Choice";
import { EventFeed, LinkLine } from "./EventFeed";
import { FanCard } from "./FanCard";
import { Intro } from "./Intro";
import { MakeForecast } from "./MakeForecast";
import { ModelNotices } from "./ModelNotices";
import { NoModel } from "./NoModel";
import { PastForecasts } from "./PastForecasts";
import { Performance } from "./Performance";
import { Steps } from "./Steps";

const SHAPES = ["h-[34rem]", "h-48"];

const LISTED = 12;

/** `/forecast/<ticker>/<interval>?model=<id>&show=<request id>`: a series' forecasts as they are made. */
export function ForecastScreen({ ticker, interval }: SeriesName) {
  const series = { ticker, interval };
  const [search, setSearch] = useSearchParams();
  const room = useForecastRoom(series);
  const models = useServedModels(series);
  const best = models.data?.find(({ status }) => status === "active") ?? null;
  const chosen = search.get("model");
  const model = models.data?.find(({ model_id: id }) => id === chosen) ?? best;
  const modelId = chosen ?? model?.model_id;
  const listed = useForecasts({ ...series, model_id: modelId, page_size: LISTED });
  const shownId = search.get("show") ?? listed.data?.predictions[0]?.request_id ?? null;
  const shown = useForecast(shownId);
  const failed = [models, listed, shown].find(({ isLoadingError }) => isLoadingError);
  const loading = !models.data || !listed.data || (shownId !== null && !shown.data);

  const change = (changed: Record<string, string | null>) => {
    const kept = Object.entries({ model: chosen, ...changed }).filter(([, value]) => value !== null);
    setSearch(Object.fromEntries(kept) as Record<string, string>, { replace: true });
  };

  const make = <MakeForecast series={series} modelId={chosen} onMade={() => change({ show: null })} />;

  return (
    <Page
      title={`Forecast of ${ticker}`}
      actions={
        <Choice
          series={series}
          models={models.data ?? []}
          chosen={chosen}
          onModel={(id) => change({ model: id })}
        />
      }
    >
      <Intro />
      <LinkLine recovered={room.recovered} refused={room.refused} />
      {model && <ModelNotices model={model} events={room.events} />}
      {failed ? (
        <ErrorState error={failed.error} onRetry={() => void failed.refetch()} />
      ) : loading ? (
        <Loading shapes={SHAPES} />
      ) : !shown.data ? (
        <Nothing hasModel={model !== null} ticker={ticker} action={make} />
      ) : (
        <>
          <FanCard
            forecast={shown.data}
            model={models.data.find(({ model_id: id }) => id === shown.data.model_id)}
            newest={shownId === listed.data.predictions[0]?.request_id}
            onNewest={() => change({ show: null })}
            others={listed.data.predictions}
            action={model && make}
          />
          <Steps forecast={shown.data} />
          <Performance series={series} modelId={modelId} />
          <div className="grid items-start gap-4 md:gap-5 xl:grid-cols-[3fr_2fr]">
            <PastForecasts
              forecasts={listed.data.predictions}
              total={listed.data.total}
              shownId={shownId}
              onShow={(id) => change({ show: id })}
            />
            <EventFeed events={room.events} joined={room.joined} />
          </div>
        </>
      )}
    </Page>
  );
}

function Nothing({
  hasModel,
  ticker,
  action,
}: {
  hasModel: boolean;
  ticker: string;
  action: React.ReactNode;
}) {
  if (hasModel) {
    return (
      <EmptyState title="No forecast yet" action={action}>
        A model of {ticker} is in service. Make its first forecast, or follow the series on the Market screen
        to have one made at each new candle.
      </EmptyState>
    );
  }
  return (
    <NoModel>
      Nothing has learned from {ticker} at this candle length. The first model goes into service by itself.
    </NoModel>
  );
}
