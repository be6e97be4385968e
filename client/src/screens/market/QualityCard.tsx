import { useQuality } from "@/api/hooks/useQuality";
import type { Quality } from "@/api/marketApi";
import type { SeriesName } from "@/api/predictionsApi";
import { Card } from "@/components/Card";
import { Stat, Stats } from "@/components/Stat";
import { ErrorState, SkeletonRows } from "@/components/States";
import { type Column, Table } from "@/components/Table";
import { Time } from "@/components/Time";
import { count } from "@/format/numbers";
import { utcTime } from "@/format/times";

import { besideSecond, oddOnes, shares } from "./qualityWords";

/** How good a series is, in numbers and words. */
export function QualityCard(series: SeriesName) {
  const quality = useQuality(series);
  return (
    <Card
      title="Quality"
      hint="What is missing was never invented; what looks odd is marked and kept, for it may be true."
    >
      {quality.isLoadingError ? (
        <ErrorState error={quality.error} onRetry={() => void quality.refetch()} />
      ) : quality.data ? (
        <Found quality={quality.data} />
      ) : (
        <SkeletonRows rows={3} />
      )}
    </Card>
  );
}

function Found({ quality }: { quality: Quality }) {
  const { gaps, missing, flat, sources, freshness, flags, audit, comparison } = quality;
  return (
    <>
      <Stats>
        <Stat
          label="Missing"
          value={count(missing)}
          beside={`in ${count(gaps)} ${gaps === 1 ? "gap" : "gaps"}`}
        />
        <Stat
          label="Filled flat"
          value={count(flat)}
          beside="short times without trades, volume 0"
          explained="Where nobody traded for a few candles, they stand at the last price with volume 0, and are marked."
        />
        <Stat label="Overdue" value={count(freshness.overdue)} beside="ended since, and not stored" />
        <Stat
          label="Last audit"
          value={audit ? <Time moment={audit.audited_at} /> : "–"}
          beside={audit ? `${count(audit.rows)} candles judged` : "not audited yet"}
        />
      </Stats>
      <dl className="mt-4 grid gap-x-4 gap-y-1.5 text-[13px] sm:grid-cols-[max-content_1fr]">
        <dt className="text-muted">Sources</dt>
        <dd>{shares(sources)}</dd>
        <dt className="text-muted">Odd candles</dt>
        <dd>{oddOnes(flags)}</dd>
        <dt className="text-muted">Second exchange</dt>
        <dd>{besideSecond(comparison)}</dd>
      </dl>
      {flags.newest.length > 0 && (
        <div className="mt-4 max-h-72 overflow-y-auto">
          <Table
            caption="Odd candles, the last ones"
            columns={COLUMNS}
            rows={flags.newest}
            rowKey={({ timestamp, kind }) => `${timestamp} ${kind}`}
          />
        </div>
      )}
    </>
  );
}

type Flag = Quality["flags"]["newest"][number];

const COLUMNS: readonly Column<Flag>[] = [
  { key: "timestamp", title: "Candle", cell: ({ timestamp }) => utcTime(timestamp) },
  { key: "meaning", title: "What is odd", cell: ({ meaning }) => meaning },
];
