import { useModels } from "@/api/hooks/useModels";
import { useSeries } from "@/api/hooks/useSeries";
import { ButtonLink } from "@/components/Button";
import { Dismissible } from "@/components/Dismissible";
import { Filter } from "@/components/Filter";
import { Page } from "@/components/Page";
import { Pages } from "@/components/Pages";
import { EmptyState, ErrorState, Loading } from "@/components/States";
import { FilterBar, named } from "@/screens/sessions/FilterBar";
import { SelectionBar } from "@/screens/sessions/SelectionBar";
import { useListing } from "@/screens/sessions/useListing";
import { type Selection, useSelection } from "@/screens/sessions/useSelection";
import { NETWORKS } from "@/screens/train/networks";

import { KindCard } from "./KindCard";
import { kindsOf, ORDERS } from "./kinds";
import { Timeline } from "./Timeline";

const SHAPES = ["h-44", "h-44"];

const PAGE_SIZE = 50;
const FILTERS = ["ticker", "model_type", "status"] as const;
const NEWEST_FIRST = "-created_at";
const TYPES = named(NETWORKS.map(({ type }) => type));
const STATUSES = [
  { value: "active", name: "Active" },
  { value: "candidate", name: "Candidate" },
  { value: "archived", name: "Archived" },
];

/** `/models`: every trained model, by what it competes for. */
export function RegistryScreen() {
  const selection = useSelection();
  return (
    <Page title="Models" intro="Trained networks, and which of them forecast at present.">
      <Dismissible name="models">
        Of each ticker, candle length and network one model is active: forecasts come from it. A new one takes
        its place only when its error is smaller on candles that neither has seen; otherwise it waits as a
        candidate. You can activate any of them and roll back again; every change is kept below.
      </Dismissible>
      <Filters />
      <Registry selection={selection} />
      <Timeline />
      <SelectionBar selection={selection} />
    </Page>
  );
}

function Filters() {
  const listing = useListing();
  const series = useSeries().data ?? [];
  return (
    <FilterBar
      filters={[
        {
          name: "ticker",
          label: "Ticker",
          all: "All tickers",
          choices: named(series.map(({ ticker }) => ticker)),
        },
        { name: "model_type", label: "Network", all: "All networks", choices: TYPES },
        { name: "status", label: "Place", all: "Any place", choices: STATUSES },
      ]}
    >
      <Filter
        label="Order"
        value={listing.read("sort") || NEWEST_FIRST}
        choices={ORDERS}
        onChange={(sort) => listing.change({ sort: sort === NEWEST_FIRST ? "" : sort })}
      />
    </FilterBar>
  );
}

function Registry({ selection }: { selection: Selection }) {
  const listing = useListing();
  const narrowed = Object.fromEntries(FILTERS.map((name) => [name, listing.read(name)]));
  const sort = listing.read("sort") || NEWEST_FIRST;
  const models = useModels({ ...narrowed, sort, page: listing.page, page_size: PAGE_SIZE });
  if (models.isError && !models.data)
    return <ErrorState error={models.error} onRetry={() => void models.refetch()} />;
  if (!models.data) return <Loading shapes={SHAPES} />;
  const { total } = models.data;
  if (total === 0) return <Nothing filtered={FILTERS.some((name) => listing.read(name))} />;
  return (
    <>
      {kindsOf(models.data.models).map((kind) => (
        <KindCard key={kind.key} kind={kind} metric={sort.replace("-", "")} selection={selection} />
      ))}
      <Pages
        page={listing.page}
        pageSize={PAGE_SIZE}
        total={total}
        what="models"
        onPage={(page) => listing.change({ page: String(page) })}
      />
    </>
  );
}

function Nothing({ filtered }: { filtered: boolean }) {
  return filtered ? (
    <EmptyState title="No model fits">Choose fewer filters, or show all models.</EmptyState>
  ) : (
    <EmptyState
      title="There is no model yet"
      action={
        <ButtonLink href="/train" kind="primary">
          Train the first one
        </ButtonLink>
      }
    >
      A training that completes leaves its model here. The first of its kind becomes active at once.
    </EmptyState>
  );
}
