import type { SourceState } from "@/api/systemApi";
import { duration } from "@/format/times";

export interface SourceWords {
  sign: string;
  tone: "good" | "warn" | "bad" | "quiet";
  word: string;
  means: string;
}

// Less than this is the way there and back.
const SAME_CLOCK_SECONDS = 5;

/** What is to be known of a source's clock, which says when a candle ends; null: nothing. */
export function clockWords(ahead: number | null): string | null {
  if (ahead === null || Math.abs(ahead) < SAME_CLOCK_SECONDS) return null;
  return `Its clock is ${duration(Math.abs(ahead))} ${ahead > 0 ? "ahead of" : "behind"} the one here.`;
}

/** How a source of market data is doing, as one would say it. */
export function sourceWords(source: Omit<SourceState, "source" | "clock_ahead">): SourceWords {
  const { state, failures, retry_after: wait, succeeded_at: succeeded } = source;
  const inARow = `${failures} ${failures === 1 ? "call" : "calls"} failed in a row`;
  switch (state) {
    case "open":
      return {
        sign: "✕",
        tone: "bad",
        word: "left alone",
        means: `${inARow}: it is asked again in ${duration(wait)}.`,
      };
    case "half_open":
      return {
        sign: "◐",
        tone: "warn",
        word: "on trial",
        means: `${inARow}: the next call decides whether it is asked as before.`,
      };
    case "waiting":
      return {
        sign: "◷",
        tone: "warn",
        word: "asked for patience",
        means: `It wants no calls for ${duration(wait)}, and gets none.`,
      };
    case "closed":
      if (failures > 0) return { sign: "!", tone: "warn", word: "is asked", means: `${inARow}.` };
      return succeeded === null
        ? { sign: "○", tone: "quiet", word: "not asked yet", means: "Nothing has needed it so far." }
        : { sign: "✓", tone: "good", word: "answers", means: "" };
  }
}
