import { Link } from "wouter";

import { useFollowed } from "@/api/hooks/useFollowed";
import type { Followed } from "@/api/marketApi";
import type { Series } from "@/api/types";
import { Skeleton } from "@/components/States";
import { count, price, quoteOf } from "@/format/numbers";

import { Change } from "./Change";
import { Freshness, GapLine } from "./Completeness";
import { FollowButton } from "./FollowButton";
import { listed, type ListedSeries } from "./followedSeries";
import { LiveState } from "./LiveState";
import { Sparkline } from "./Sparkline";
import { useLiveCandles } from "./useLiveCandles";

const DRAWN = 96;

/** Each stored series in a line: its price and way there, what is missing, how old it is. */
export function SeriesList({ stored }: { stored: readonly Series[] }) {
  const followed = useFollowed();
  return (
    <ul aria-label="Stored series">
      {listed(stored, followed.data ?? []).map((line) => (
        <SeriesLine
          key={`${line.series.ticker} ${line.series.interval}`}
          known={followed.data !== undefined}
          {...line}
        />
      ))}
    </ul>
  );
}

interface SeriesLineProps extends ListedSeries<Series, Followed> {
  /** Whether it is known which series are followed. */
  known: boolean;
}

function SeriesLine({ series, following, live, known }: SeriesLineProps) {
  const { ticker, interval } = series;
  const { query, room, candles, open } = useLiveCandles(series, DRAWN, live);
  const shown = open && candles ? [...candles, open] : (candles ?? []);
  return (
    <li className="grid grid-cols-2 items-center gap-x-5 gap-y-2 border-b border-line py-3 last:border-0 sm:grid-cols-[minmax(8rem,1.2fr)_minmax(9rem,1fr)_minmax(7rem,1.2fr)] xl:grid-cols-[minmax(8rem,1fr)_minmax(10rem,1fr)_minmax(7rem,1.6fr)_minmax(18rem,1.8fr)_10rem]">
      <div className="min-w-0">
        <Link href={`/market/${ticker}/${interval}`} className="font-semibold text-accent hover:underline">
          {ticker} <span className="font-normal">{interval}</span>
        </Link>
        <p className="text-xs text-muted">{count(series.rows)} candles</p>
      </div>
      {query.isError ? (
        <p className="text-[13px] text-bad">
          <span aria-hidden>✕ </span>Its candles cannot be read now.
        </p>
      ) : candles ? (
        <div className="max-sm:text-right">
          <p className="font-semibold tabular-nums">{price(shown.at(-1)?.close, quoteOf(ticker))}</p>
          <p className="text-xs">
            <Change candles={shown} interval={interval} />
          </p>
        </div>
      ) : (
        <Skeleton className="h-9" />
      )}
      <div className="max-sm:col-span-2">
        <Sparkline
          values={shown.map(({ close }) => close)}
          label={`Closes of the last ${candles?.length ?? 0} candles of ${ticker} ${interval}`}
        />
      </div>
      <div className="text-[13px] max-xl:col-span-2">
        {live && (
          <p>
            <LiveState followed heardAt={room.heardAt} />
          </p>
        )}
        <Freshness series={series} />
        <GapLine series={series} />
      </div>
      <FollowButton series={series} following={following} known={known} />
    </li>
  );
}
