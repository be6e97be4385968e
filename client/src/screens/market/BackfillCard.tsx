import { useState } from "react";

import { useBackfill } from "@/api/hooks/useBackfill";
import { useJobs } from "@/api/hooks/useJobs";
import type { MarketJob } from "@/api/marketApi";
import { Button } from "@/components/Button";
import { Card } from "@/components/Card";
import { Field, Input } from "@/components/Field";
import { ErrorState, SkeletonRows } from "@/components/States";
import { newerJob } from "@/realtime/market";
import { useMarketRoom } from "@/realtime/useMarketRoom";

import { JobLine } from "./JobLine";
import { isActive } from "./jobWords";
import { isTicker, SeriesFields } from "./SeriesFields";

const DAYS_BEFORE = 90;
const DAY_MS = 86_400_000;

/** Candles fetched from an exchange: asked for here, fetched by a worker, watched as it goes on. */
export function BackfillCard() {
  return (
    <Card
      title="Fetch from an exchange"
      anchor="fetch"
      hint="Asks the exchanges of the server's settings for what is missing since a day. What is stored stays; times in which nobody traded stay missing."
    >
      <BackfillForm />
      <Jobs />
    </Card>
  );
}

function BackfillForm() {
  const [ticker, setTicker] = useState("");
  const [interval, setInterval] = useState("1h");
  const [since, setSince] = useState(() =>
    new Date(Date.now() - DAYS_BEFORE * DAY_MS).toISOString().slice(0, 10),
  );
  const [asked, setAsked] = useState(false);
  const backfill = useBackfill();
  return (
    <form
      noValidate
      onSubmit={(event) => {
        event.preventDefault();
        setAsked(true);
        if (isTicker(ticker) && since) backfill.mutate({ ticker, interval, since });
      }}
      className="flex flex-col gap-3"
    >
      <div className="grid items-start gap-3 sm:grid-cols-3">
        <SeriesFields
          labels={["Ticker to fetch", "Length of its candles"]}
          ticker={ticker}
          interval={interval}
          asked={asked}
          onTicker={setTicker}
          onInterval={setInterval}
        />
        <Field label="Since (UTC)" error={asked && !since ? "Choose the first day." : undefined}>
          {(tied) => (
            <Input {...tied} type="date" value={since} onChange={(event) => setSince(event.target.value)} />
          )}
        </Field>
      </div>
      <div>
        <Button type="submit" busy={backfill.isPending}>
          Fetch candles
        </Button>
      </div>
      {backfill.isError && <ErrorState error={backfill.error} />}
    </form>
  );
}

function Jobs() {
  const jobs = useJobs();
  if (jobs.isLoadingError) {
    return (
      <div className="mt-4">
        <ErrorState error={jobs.error} onRetry={() => void jobs.refetch()} />
      </div>
    );
  }
  if (!jobs.data) return <SkeletonRows rows={2} />;
  if (jobs.data.length === 0) return null;
  return (
    <ul aria-label="Backfills, newest first" className="mt-4 border-t border-line">
      {jobs.data.map((job) => (
        <li key={job.job_id} className="border-b border-line py-3 last:border-0 last:pb-0">
          <LiveJob job={job} />
        </li>
      ))}
    </ul>
  );
}

/** A job as its series' room tells of it while it runs, which is sooner than the list. */
function LiveJob({ job }: { job: MarketJob }) {
  const { job: told } = useMarketRoom(job, isActive(job));
  return <JobLine job={told?.job_id === job.job_id ? newerJob(told, job) : job} />;
}
