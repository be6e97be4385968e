import type { Link } from "@/realtime/socket";
import { count } from "@/format/numbers";
import { localClock } from "@/format/times";

// Calm markets trade every few seconds; an exchange that says nothing for so long has most likely been lost.
const STALE_MS = 30_000;

export type Liveness = "live" | "stale" | "waiting" | "reconnecting" | "unfollowed";

export interface Heard {
  link: Link;
  followed: boolean;
  /** When a price last came, in milliseconds since 1970; null: none yet. */
  heardAt: number | null;
}

/** Whether a price came lately. */
export const isLive = (heardAt: number | null, now: number): boolean =>
  heardAt !== null && now - heardAt <= STALE_MS;

/** Whether the price moves as the market does, and in words why not. */
export function livenessOf(
  { link, followed, heardAt }: Heard,
  now: number,
): { state: Liveness; words: string } {
  if (link === "lost") return { state: "reconnecting", words: "Reconnecting" };
  if (isLive(heardAt, now)) return { state: "live", words: "Live" };
  if (!followed) return { state: "unfollowed", words: "Not live: follow it to see prices move" };
  if (heardAt === null) return { state: "waiting", words: "Waiting for the first price" };
  return { state: "stale", words: `Stale since ${localClock(heardAt)}` };
}

// Names that are read aloud at most.
const MOST_NAMED = 3;

/** All followed prices in one sentence, for who hears the page; empty where none is followed or heard of yet. */
export function spokenOf(prices: readonly { name: string; state: Liveness }[]): string {
  const of = (state: Liveness) => prices.filter((each) => each.state === state).map(({ name }) => name);
  if (of("reconnecting").length > 0) return "The connection is lost: prices stand still.";
  const [live, stale] = [of("live"), of("stale")];
  if (live.length + stale.length === 0) return "";
  const moving = `${count(live.length)} of ${count(prices.length)} followed prices ${live.length === 1 ? "is" : "are"} live.`;
  if (stale.length === 0) return moving;
  const more = stale.length > MOST_NAMED ? ` and ${count(stale.length - MOST_NAMED)} more` : "";
  return `${moving} Nothing comes of ${stale.slice(0, MOST_NAMED).join(", ")}${more}.`;
}
