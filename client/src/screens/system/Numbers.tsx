import { useState } from "react";

import { useMetrics } from "@/api/hooks/useMetrics";
import { Card } from "@/components/Card";
import { Stat, Stats } from "@/components/Stat";
import { SkeletonRows } from "@/components/States";
import { brief, count, NOTHING, percent } from "@/format/numbers";

import { byLabel, rate, type Reading, type Sample, samplesOf, total } from "./exposition";

const PREFIXES = ["crypto_predict_", "flask_http_request_total"];
const EVENTS = "crypto_predict_events_published_total";
const MOST_ERRORS = 5;

/** What the server counts itself, as it tells Prometheus. */
export function Numbers() {
  const metrics = useMetrics();
  return (
    <Card title="Numbers" hint="What the server counts of itself; rates are those of the last seconds.">
      {metrics.data ? (
        <Counted text={metrics.data.text} at={metrics.data.at} />
      ) : metrics.isError ? (
        <p className="py-2 text-muted">
          These numbers are not to be had here: whoever runs the server may keep /metrics to themselves.
        </p>
      ) : (
        <SkeletonRows rows={2} />
      )}
    </Card>
  );
}

function Counted({ text, at }: { text: string; at: number }) {
  const samples = samplesOf(text, PREFIXES);
  const events = useRate(at, total(samples, EVENTS));
  const requests = useRate(at, total(samples, "flask_http_request_total"));
  // A kind that is counted but has not happened is no news.
  const errors = byLabel(samples, "crypto_predict_errors_total", "error_code").filter(
    ([, times]) => times > 0,
  );
  return (
    <>
      <Stats>
        <Stat
          label="Live connections"
          value={count(total(samples, "crypto_predict_socketio_connections"))}
          beside="browsers and programs that listen"
        />
        <Stat
          label="Events sent"
          value={perSecond(events)}
          beside={`${count(total(samples, EVENTS))} so far`}
        />
        <Stat
          label="Requests"
          value={perSecond(requests)}
          beside={`${count(total(samples, "flask_http_request_total"))} so far`}
        />
        <Stat
          label="Trainings waiting"
          value={count(total(samples, "crypto_predict_training_queue_depth"))}
          beside={`${count(total(samples, "crypto_predict_training_active_sessions"))} running`}
        />
        <Stat
          label="Forecasts"
          value={count(total(samples, "crypto_predict_predictions_total"))}
          beside={`${hits(samples, "crypto_predict_model_cache")} with the model in memory`}
        />
        <Stat
          label="Answers from the cache"
          value={hits(samples, "crypto_predict_cache")}
          beside="of those that may come from it"
        />
      </Stats>
      {errors.length > 0 && (
        <p className="mt-4 text-[13px] text-muted">
          Errors answered:{" "}
          {errors
            .slice(0, MOST_ERRORS)
            .map(([code, times]) => `${code} ${count(times)}`)
            .join(", ")}
          .
        </p>
      )}
    </>
  );
}

const perSecond = (value: number | null) => (value === null ? NOTHING : `${brief(value)} / s`);

/** The share of hits of a cache. */
function hits(samples: readonly Sample[], cache: string): string {
  const [found, missed] = [
    total(samples, `${cache}_hits_total`) ?? 0,
    total(samples, `${cache}_misses_total`) ?? 0,
  ];
  return percent(found + missed > 0 ? found / (found + missed) : null, 0);
}

/** The growth a second of a counter between this reading and the one before. */
function useRate(at: number, value: number | null): number | null {
  const [readings, setReadings] = useState<{ before: Reading | null; last: Reading | null }>({
    before: null,
    last: null,
  });
  if (value !== null && readings.last?.at !== at) {
    setReadings({ before: readings.last, last: { at, count: value } });
  }
  return rate(readings.before, readings.last);
}
