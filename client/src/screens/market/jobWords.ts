import type { MarketJob } from "@/api/marketApi";
import { count } from "@/format/numbers";

export const isActive = ({ status }: Pick<MarketJob, "status">): boolean =>
  status === "PENDING" || status === "IN_PROGRESS";

const BEFORE: Partial<Record<MarketJob["status"], string>> = {
  PENDING: "It waits for a free worker.",
  IN_PROGRESS: "Nothing has come yet.",
};

/** What a backfill has done so far, in a sentence. */
export function doneBy({ status, counts }: Pick<MarketJob, "status" | "counts">): string {
  const { source, fetched = 0, stored = 0, filled = 0, missing = 0, gaps = 0 } = counts;
  if (status === "COMPLETED" && !source) return "Nothing was missing: no exchange was asked.";
  if (!source) return BEFORE[status] ?? "Nothing was fetched.";
  const parts = [`${count(fetched)} candles from ${source}, ${count(stored)} of them new or different`];
  if (filled > 0) parts.push(`${count(filled)} short times without trades filled with the last price`);
  if (missing > 0) {
    parts.push(
      `${count(missing)} stay missing in ${count(gaps)} ${gaps === 1 ? "gap" : "gaps"}: the source has none`,
    );
  }
  return `${parts.join("; ")}.`;
}

/** Exchanges that failed before another one went on, each in a sentence. */
export function leftBehind({ counts: { left = [] } }: Pick<MarketJob, "counts">): string[] {
  return left.map(
    ({ source, fetched, message }) =>
      `${source} failed after ${count(fetched)} ${fetched === 1 ? "candle" : "candles"}: ${message}`,
  );
}

/** Why it failed or waits, in the server's words. */
export function trouble({ status, error, cancel_requested: asked }: MarketJob): string | null {
  if (status === "IN_PROGRESS" && asked) return "It ends after its present page.";
  if (error === null) return null;
  return status === "PENDING" ? `It will be tried again: ${error.message}` : error.message;
}
