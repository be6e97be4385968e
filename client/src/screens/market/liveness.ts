import type { Link } from "@/realtime/socket";
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

/** Whether the price moves as the market does, and in words why not. */
export function livenessOf(
  { link, followed, heardAt }: Heard,
  now: number,
): { state: Liveness; words: string } {
  if (link === "lost") return { state: "reconnecting", words: "Reconnecting" };
  if (heardAt !== null && now - heardAt <= STALE_MS) return { state: "live", words: "Live" };
  if (!followed) return { state: "unfollowed", words: "Not live: follow it to see prices move" };
  if (heardAt === null) return { state: "waiting", words: "Waiting for the first price" };
  return { state: "stale", words: `Stale since ${localClock(heardAt)}` };
}
