import type { SeriesName } from "@/api/predictionsApi";

/** Rooms that the list joins at most; beyond them prices are those of the last candle. */
export const MOST_LIVE = 50;

export interface ListedSeries<S, F> {
  series: S;
  /** How it is followed; undefined: it is not, or that is not known yet. */
  following: F | undefined;
  /** Whether its price moves in the list: only what is followed has live prices. */
  live: boolean;
}

/** The stored series in their order, with which of them are followed and move. */
export function listed<S extends SeriesName, F extends SeriesName>(
  stored: readonly S[],
  followed: readonly F[],
): ListedSeries<S, F>[] {
  const byName = new Map(followed.map((each) => [nameOf(each), each]));
  let rooms = 0;
  return stored.map((series) => {
    const following = byName.get(nameOf(series));
    if (following) rooms += 1;
    return { series, following, live: following !== undefined && rooms <= MOST_LIVE };
  });
}

/** The lines whose ticker and length contain every word of `text`, in any case; of those followed alone, if wanted. */
export function matching<S extends SeriesName, F>(
  lines: readonly ListedSeries<S, F>[],
  text: string,
  onlyFollowed: boolean,
): readonly ListedSeries<S, F>[] {
  const words = text.toUpperCase().split(/\s+/);
  return lines.filter(({ series, following }) => {
    const name = nameOf(series).toUpperCase();
    return words.every((word) => name.includes(word)) && (!onlyFollowed || following !== undefined);
  });
}

const nameOf = ({ ticker, interval }: SeriesName): string => `${ticker} ${interval}`;
