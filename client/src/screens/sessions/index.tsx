import { useState } from "react";

import { useHistory } from "@/api/hooks/useHistory";
import { useSeries } from "@/api/hooks/useSeries";
import { ButtonLink } from "@/components/Button";
import { Card } from "@/components/Card";
import { Dismissible } from "@/components/Dismissible";
import { Page } from "@/components/Page";
import { Pages } from "@/components/Pages";
import { EmptyState, ErrorState, SkeletonRows } from "@/components/States";
import { NETWORKS } from "@/screens/train/networks";

import { FilterBar, named } from "./FilterBar";
import { SelectionBar } from "./SelectionBar";
import { SessionsTable } from "./SessionsTable";
import { sortOf, sortingOf } from "./sorting";
import { useListing } from "./useListing";
import { useSelection } from "./useSelection";

const PAGE_SIZE = 20;
const FILTERS = ["ticker", "interval", "model_type", "status"] as const;
const STATUSES = [
  { value: "PENDING", name: "Waiting" },
  { value: "IN_PROGRESS", name: "Training" },
  { value: "COMPLETED", name: "Completed" },
  { value: "FAILED", name: "Failed" },
  { value: "CANCELLED", name: "Cancelled" },
];
const TYPES = named(NETWORKS.map(({ type }) => type));

/** `/sessions`: every training that was asked for, and how it ended. */
export default function Sessions() {
  const selection = useSelection();
  return (
    <Page
      title="Sessions"
      intro="Every training that was asked for, whoever started it."
      actions={
        <ButtonLink href="/train" kind="primary">
          New training
        </ButtonLink>
      }
    >
      <Dismissible name="sessions">
        Each row is one training, beside the error of the naive forecast on the same candles. Skill says how
        much smaller the error is than naive’s; “may be luck” means that the difference is too small to be
        sure of. Tick up to six rows to lay their curves and scores side by side.
      </Dismissible>
      <Card>
        <Filters />
        <List selection={selection} />
      </Card>
      <SelectionBar selection={selection} />
    </Page>
  );
}

function Filters() {
  const series = useSeries().data ?? [];
  return (
    <div className="mb-4">
      <FilterBar
        filters={[
          {
            name: "ticker",
            label: "Ticker",
            all: "All tickers",
            choices: named(series.map(({ ticker }) => ticker)),
          },
          {
            name: "interval",
            label: "Candle length",
            all: "All lengths",
            choices: named(series.map(({ interval }) => interval)),
          },
          { name: "model_type", label: "Network", all: "All networks", choices: TYPES },
          { name: "status", label: "Status", all: "Any status", choices: STATUSES },
        ]}
      />
    </div>
  );
}

function List({ selection }: { selection: ReturnType<typeof useSelection> }) {
  const listing = useListing();
  const [refused, setRefused] = useState<unknown>(null);
  const narrowed = Object.fromEntries(FILTERS.map((name) => [name, listing.read(name)]));
  const sort = listing.read("sort") || "-created_at";
  const history = useHistory({ ...narrowed, sort, page: listing.page, page_size: PAGE_SIZE });

  if (history.isError && !history.data)
    return <ErrorState error={history.error} onRetry={() => void history.refetch()} />;
  if (!history.data) return <SkeletonRows rows={8} />;
  const { sessions, total } = history.data;
  if (total === 0) return <Nothing filtered={FILTERS.some((name) => listing.read(name))} />;
  return (
    <>
      {refused !== null && (
        <div className="mb-3">
          <ErrorState error={refused} />
        </div>
      )}
      <SessionsTable
        sessions={sessions}
        sorting={sortingOf(sort)}
        onSort={(sorting) => listing.change({ sort: sortOf(sorting) })}
        selection={selection}
        onRefused={setRefused}
      />
      <Pages
        page={listing.page}
        pageSize={PAGE_SIZE}
        total={total}
        what="sessions"
        onPage={(page) => listing.change({ page: String(page) })}
      />
    </>
  );
}

function Nothing({ filtered }: { filtered: boolean }) {
  return filtered ? (
    <EmptyState title="No session fits">Choose fewer filters, or show all sessions.</EmptyState>
  ) : (
    <EmptyState
      title="Nothing was trained yet"
      action={
        <ButtonLink href="/train" kind="primary">
          Start the first training
        </ButtonLink>
      }
    >
      Each training leaves a row here: its parameters, its curves, and its error beside the naive forecast’s.
    </EmptyState>
  );
}
