import { ApiError } from "./failure";
import type { SeriesName } from "./predictionsApi";
import { request } from "./request";
import type { Schema } from "./types";

export type Gaps = Schema<"GapReport">;
export type Quality = Schema<"Quality">;
export type Followed = Schema<"Followed">;
export type ImportReport = Schema<"ImportReport">;
export type Indicators = Schema<"Indicators">;
/** A backfill; what it has done is empty before its first page. */
export type MarketJob = Omit<Schema<"MarketJob">, "counts"> & {
  counts: Partial<Schema<"MarketJob">["counts"]>;
};

// A file of years of minutes takes longer than an ordinary answer.
const IMPORT_MS = 15 * 60_000;

export interface ImportRequest extends SeriesName {
  file: File;
  source: string;
  skipBad: boolean;
}

export interface BackfillRequest extends SeriesName {
  /** A moment in UTC, or a calendar day there. */
  since: string;
}

export interface IndicatorsQuery extends SeriesName {
  names: string;
  limit: number;
}

/** What is stored and followed, the import of files and the fetching from exchanges. Fails with ApiError. */
export const marketApi = {
  gaps: (series: SeriesName) => request<Gaps>("GET", "/market/gaps", { query: series }),
  quality: (series: SeriesName) => request<Quality>("GET", "/market/quality", { query: series }),
  followed: async () => (await request<{ followed: Followed[] }>("GET", "/market/followed")).followed,
  follow: ({ ticker, interval }: SeriesName) => request("PUT", `/market/followed/${ticker}/${interval}`),
  unfollow: ({ ticker, interval }: SeriesName) => request("DELETE", `/market/followed/${ticker}/${interval}`),
  importFile: ({ file, ticker, interval, source, skipBad }: ImportRequest) =>
    request<ImportReport>("POST", "/market/import", {
      query: { ticker, interval, source, skip_bad: skipBad },
      // Whatever the system calls the file: Windows takes a CSV for a spreadsheet.
      headers: { "Content-Type": "text/csv" },
      body: file,
      signal: AbortSignal.timeout(IMPORT_MS),
    }),
  backfill: (body: BackfillRequest) => request<MarketJob>("POST", "/market/backfill", { body }),
  jobs: async (limit: number) =>
    (await request<{ jobs: MarketJob[] }>("GET", "/market/jobs", { query: { limit } })).jobs,
  cancelJob: (jobId: string) => request<MarketJob>("DELETE", `/market/jobs/${jobId}`),
  indicators: ({ ticker, ...query }: IndicatorsQuery) =>
    request<Indicators>("GET", `/analytics/indicators/${ticker}`, { query }),
};

/** The importer's findings, when it refused a file for its rows. */
export function reportOf(error: unknown): ImportReport | null {
  const report = error instanceof ApiError ? error.details.report : null;
  return report ? (report as ImportReport) : null;
}
