import { useFollowed } from "@/api/hooks/useFollowed";
import { useSeries } from "@/api/hooks/useSeries";
import type { SeriesName } from "@/api/predictionsApi";
import { ButtonLink } from "@/components/Button";
import { Card } from "@/components/Card";
import { Page } from "@/components/Page";
import { EmptyState } from "@/components/States";
import { count } from "@/format/numbers";
import { useMarketRoom } from "@/realtime/useMarketRoom";

import { CandlesCard } from "./CandlesCard";
import { Freshness, GapLine } from "./Completeness";
import { FollowButton } from "./FollowButton";
import { JobLine } from "./JobLine";
import { LiveState } from "./LiveState";
import { QualityCard } from "./QualityCard";

/** `/market/<ticker>/<interval>`: candles and indicators of one series, as they move. */
export function SeriesScreen({ ticker, interval }: SeriesName) {
  const stored = useSeries();
  const followed = useFollowed();
  const room = useMarketRoom({ ticker, interval });
  const series = stored.data?.find((each) => each.ticker === ticker && each.interval === interval);
  // While the list is asked for anew it may be just about to name it; a price may come before any candle.
  const unknown = stored.isSuccess && !stored.isFetching && !series && !room.candle;
  const following = followed.data?.find((each) => each.ticker === ticker && each.interval === interval);
  return (
    <Page
      title={`${ticker} ${interval}`}
      intro={
        series && (
          <>
            {count(series.rows)} candles from {series.sources.join(", ")}
          </>
        )
      }
      actions={
        <>
          <ButtonLink href={`/forecast/${ticker}/${interval}`}>Forecast</ButtonLink>
          <FollowButton
            series={{ ticker, interval }}
            following={following}
            known={followed.data !== undefined}
          />
        </>
      }
    >
      <div className="-mt-2 flex flex-wrap gap-x-5 gap-y-1 text-[13px]">
        {!unknown && (
          <p role="status">
            <LiveState followed={following !== undefined} heardAt={room.heardAt} />
          </p>
        )}
        {series && (
          <>
            <Freshness series={series} room={room} />
            <GapLine series={series} />
          </>
        )}
      </div>
      {room.job && (
        <Card title="Fetching from an exchange">
          <JobLine job={room.job} />
        </Card>
      )}
      {unknown ? (
        <EmptyState
          title={`No candles of ${ticker} ${interval} are stored`}
          action={<ButtonLink href="/market">Go to Market</ButtonLink>}
        >
          Fetch them from an exchange on the Market screen, or import a file there. Its list names every
          series that is stored.
        </EmptyState>
      ) : (
        <CandlesCard ticker={ticker} interval={interval} />
      )}
      {series && <QualityCard ticker={ticker} interval={interval} />}
    </Page>
  );
}
