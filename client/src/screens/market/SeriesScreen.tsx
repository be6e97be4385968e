import { useFollowed } from "@/api/hooks/useFollowed";
import { useSeries } from "@/api/hooks/useSeries";
import type { SeriesName } from "@/api/predictionsApi";
import { ButtonLink } from "@/components/Button";
import { Card } from "@/components/Card";
import { Page } from "@/components/Page";
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
        <LiveState followed={following !== undefined} heardAt={room.heardAt} />
        {series && (
          <>
            <Freshness series={series} />
            <GapLine series={series} />
          </>
        )}
      </div>
      {room.job && (
        <Card title="Fetching from an exchange">
          <JobLine job={room.job} />
        </Card>
      )}
      <CandlesCard ticker={ticker} interval={interval} />
      {series && <QualityCard ticker={ticker} interval={interval} />}
    </Page>
  );
}
