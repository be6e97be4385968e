import { Link } from "wouter";

import { useCandles } from "@/api/hooks/useCandles";
import { useFollowed } from "@/api/hooks/useFollowed";
import { useGaps } from "@/api/hooks/useGaps";
import type { Series } from "@/api/types";
import { Skeleton } from "@/components/States";
import { WithTip } from "@/components/Hint";
import { Time } from "@/components/Time";
import { useNow } from "@/components/useNow";
import { count, price, quoteOf } from "@/format/numbers";

import { Change } from "./Change";
import { FollowButton } from "./FollowButton";
import { freshnessOf } from "./freshness";
import { Sparkline } from "./Sparkline";

const DRAWN = 96;
const MINUTE_MS = 60_000;

/** Each stored series in a line: its price and way there, what is missing, how old it is. */
export function SeriesList({ stored }: { stored: readonly Series[] }) {
  return (
    <ul aria-label="Stored series">
      {stored.map((series) => (
        <SeriesLine key={`${series.ticker} ${series.interval}`} series={series} />
      ))}
    </ul>
  );
}

function SeriesLine({ series }: { series: Series }) {
  const { ticker, interval } = series;
  const candles = useCandles({ ticker, interval, limit: DRAWN });
  const followed = useFollowed();
  const closes = candles.data?.candles.map(({ close }) => close) ?? [];
  const following = followed.data?.find((each) => each.ticker === ticker && each.interval === interval);
  return (
    <li className="grid grid-cols-2 items-center gap-x-5 gap-y-2 border-b border-line py-3 last:border-0 sm:grid-cols-[minmax(8rem,1.2fr)_minmax(9rem,1fr)_minmax(7rem,1.2fr)] xl:grid-cols-[minmax(8rem,1fr)_minmax(10rem,1fr)_minmax(7rem,1.6fr)_minmax(18rem,1.8fr)_10rem]">
      <div className="min-w-0">
        <Link href={`/market/${ticker}/${interval}`} className="font-semibold text-accent hover:underline">
          {ticker} <span className="font-normal">{interval}</span>
        </Link>
        <p className="text-xs text-muted">{count(series.rows)} candles</p>
      </div>
      {candles.isError ? (
        <p className="text-[13px] text-bad">✕ Its candles cannot be read now.</p>
      ) : candles.data ? (
        <div className="max-sm:text-right">
          <p className="font-semibold tabular-nums">{price(closes.at(-1), quoteOf(ticker))}</p>
          <p className="text-xs">
            <Change candles={candles.data.candles} interval={interval} />
          </p>
        </div>
      ) : (
        <Skeleton className="h-9" />
      )}
      <div className="max-sm:col-span-2">
        <Sparkline
          values={closes}
          label={`Closes of the last ${closes.length} candles of ${ticker} ${interval}`}
        />
      </div>
      <div className="text-[13px] max-xl:col-span-2">
        <Freshness series={series} />
        <GapLine series={series} />
      </div>
      <FollowButton series={series} following={following} known={followed.data !== undefined} />
    </li>
  );
}

/** How old the newest candle is, in words. */
export function Freshness({ series }: { series: Pick<Series, "last" | "interval"> }) {
  const now = useNow(true, MINUTE_MS);
  const { fresh, words } = freshnessOf(series.last, series.interval, now);
  return (
    <p>
      <span className={fresh ? "text-good" : "text-warn"}>
        <span aria-hidden>{fresh ? "✓" : "!"}</span> {words}
      </span>{" "}
      <span className="text-muted">
        · last candle <Time moment={series.last} />
      </span>
    </p>
  );
}

/** How many candles are missing between the first and the last. */
export function GapLine({ series: { ticker, interval } }: { series: Series }) {
  const gaps = useGaps({ ticker, interval });
  if (!gaps.data) return <p className="text-muted">{gaps.isError ? "Gaps unknown" : "Looking for gaps"}</p>;
  const { missing, gaps: found } = gaps.data;
  if (missing === 0) return <p className="text-muted">No candle is missing.</p>;
  const where = found
    .slice(0, 5)
    .map(({ first, candles }) => `${candles} from ${first.slice(0, 16).replace("T", " ")} UTC`)
    .join("; ");
  return (
    <p className="text-muted">
      <WithTip tip={`${where}${found.length > 5 ? "; and more" : ""}`}>
        <button type="button" className="underline decoration-dotted underline-offset-2">
          {count(missing)} missing in {count(found.length)} {found.length === 1 ? "gap" : "gaps"}
        </button>
      </WithTip>
    </p>
  );
}
