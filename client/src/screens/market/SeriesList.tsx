import { memo, useMemo, useState } from "react";
import { Link } from "wouter";

import { useFollowed } from "@/api/hooks/useFollowed";
import type { Followed } from "@/api/marketApi";
import type { Series } from "@/api/types";
import { CheckBox, Field, Input } from "@/components/Field";
import { Notice, Skeleton } from "@/components/States";
import { count, price, quoteOf } from "@/format/numbers";

import { Change } from "./Change";
import { Freshness, GapLine } from "./Completeness";
import { FollowButton } from "./FollowButton";
import { listed, type ListedSeries, matching } from "./followedSeries";
import { LiveState, SpokenState } from "./LiveState";
import { Sparkline } from "./Sparkline";
import { useLiveCandles } from "./useLiveCandles";

const DRAWN = 96;
// What fits on a screen needs no search.
const SEARCHED_FROM = 9;

/** Each stored series in a line: its price and way there, what is missing, how old it is. */
export function SeriesList({ stored }: { stored: readonly Series[] }) {
  const followed = useFollowed();
  const [text, setText] = useState("");
  const [onlyFollowed, setOnlyFollowed] = useState(false);
  const lines = useMemo(() => listed(stored, followed.data ?? []), [stored, followed.data]);
  const shown = matching(lines, text, onlyFollowed);
  const live = lines.filter((line) => line.live).map(({ series }) => series);
  return (
    <>
      {followed.isLoadingError && (
        <Notice tone="warn">Which series are followed could not be read: their prices stand still.</Notice>
      )}
      {stored.length >= SEARCHED_FROM && (
        <Search
          text={text}
          onText={setText}
          onlyFollowed={onlyFollowed}
          onOnlyFollowed={setOnlyFollowed}
          found={`${count(shown.length)} of ${count(lines.length)} series`}
        />
      )}
      <SpokenState followed={live} />
      <ul aria-label="Stored series">
        {shown.map((line) => (
          <SeriesLine
            key={`${line.series.ticker} ${line.series.interval}`}
            known={followed.data !== undefined}
            {...line}
          />
        ))}
      </ul>
      {shown.length === 0 && <p className="py-4 text-center text-muted">No stored series is like that.</p>}
    </>
  );
}

interface SearchProps {
  text: string;
  onText: (text: string) => void;
  onlyFollowed: boolean;
  onOnlyFollowed: (only: boolean) => void;
  found: string;
}

/** Finds one among many. */
function Search({ text, onText, onlyFollowed, onOnlyFollowed, found }: SearchProps) {
  return (
    <div className="flex flex-wrap items-end gap-x-5 gap-y-2 border-b border-line pb-3">
      <div className="w-full sm:w-64">
        <Field label="Find a series">
          {(tied) => (
            <Input
              {...tied}
              type="search"
              value={text}
              placeholder="BTC, or 1h"
              onChange={(event) => onText(event.target.value)}
            />
          )}
        </Field>
      </div>
      <CheckBox label="Followed only" checked={onlyFollowed} onChange={onOnlyFollowed} />
      <p role="status" className="py-2 text-[13px] text-muted">
        {found}
      </p>
    </div>
  );
}

interface SeriesLineProps extends ListedSeries<Series, Followed> {
  /** Whether it is known which series are followed. */
  known: boolean;
}

/** One line; a price that moves draws its own anew, and no other. */
const SeriesLine = memo(function SeriesLine({ series, following, live, known }: SeriesLineProps) {
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
      {query.isLoadingError ? (
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
        <Freshness series={series} room={room} />
        <GapLine series={series} />
      </div>
      <div className="flex sm:justify-end">
        <FollowButton series={series} following={following} known={known} />
      </div>
    </li>
  );
});
