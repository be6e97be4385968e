import { useMemo } from "react";

import { usePastForecasts } from "@/api/hooks/usePastForecasts";
import type { ForecastLine } from "@/api/predictionsApi";
import { Button } from "@/components/Button";
import { Card } from "@/components/Card";
import { type Column, Table } from "@/components/Table";
import { Time } from "@/components/Time";
import { count, NOTHING, quoteOf } from "@/format/numbers";
import { utcTime } from "@/format/times";

import { errorText, type Outcome, outcomeOf } from "./outcome";

interface PastForecastsProps {
  forecasts: readonly ForecastLine[];
  total: number;
  shownId: string | null;
  onShow: (requestId: string) => void;
}

type Row = ForecastLine & { outcome: Outcome | undefined };

/** Forecasts and what became of them: each can be put onto the chart. */
export function PastForecasts({ forecasts, total, shownId, onShow }: PastForecastsProps) {
  const ids = useMemo(() => forecasts.map(({ request_id: id }) => id), [forecasts]);
  const details = usePastForecasts(ids);
  const rows = useMemo(() => {
    const outcomes = new Map(details.map((each) => [each.request_id, outcomeOf(each)]));
    return forecasts.map((each): Row => ({ ...each, outcome: outcomes.get(each.request_id) }));
  }, [forecasts, details]);
  const currency = quoteOf(forecasts[0]?.ticker ?? "");
  return (
    <Card
      title="Forecasts against what happened"
      hint={`The newest ${count(rows.length)} of ${count(total)}. RMSE over the steps that have come true, beside naive's on the same ones.`}
    >
      <Table
        caption="Forecasts, newest first"
        columns={columnsOf(currency, shownId, onShow)}
        rows={rows}
        rowKey={({ request_id: id }) => id}
        rowClass={({ request_id: id }) => (id === shownId ? "bg-accent-soft/50" : undefined)}
      />
    </Card>
  );
}

function columnsOf(currency: string, shownId: string | null, onShow: (id: string) => void): Column<Row>[] {
  const share = (hits: number | undefined, known: number | undefined) =>
    known ? `${hits ?? 0} of ${known}` : NOTHING;
  return [
    { key: "origin", title: "From the candle of", cell: ({ origin }) => <Time moment={origin.timestamp} /> },
    { key: "model", title: "Model", cell: (row) => `${row.model_type} v${row.model_version}` },
    {
      key: "known",
      title: "Come true",
      numeric: true,
      cell: ({ settled_steps: known, horizon }) => `${known} of ${horizon}`,
    },
    {
      key: "rmse",
      title: `RMSE, ${currency}`,
      numeric: true,
      cell: ({ outcome, origin }) => (
        <>
          {closer(outcome)} {errorText(outcome?.rmse, origin.close)}
        </>
      ),
    },
    {
      key: "naive",
      title: "Naive's",
      numeric: true,
      cell: ({ outcome, origin }) => errorText(outcome?.naiveRmse, origin.close),
    },
    {
      key: "80",
      title: "In 80 %",
      numeric: true,
      cell: ({ outcome }) => share(outcome?.inside80, outcome?.known),
    },
    {
      key: "95",
      title: "In 95 %",
      numeric: true,
      cell: ({ outcome }) => share(outcome?.inside95, outcome?.known),
    },
    {
      key: "show",
      title: <span className="sr-only">On the chart</span>,
      cell: ({ request_id: id, origin }) => (
        <Button
          kind="quiet"
          aria-pressed={id === shownId}
          onClick={() => {
            onShow(id);
            document.getElementById("content")?.scrollIntoView();
          }}
        >
          {id === shownId ? "Shown" : "Show"}
          <span className="sr-only">the forecast from {utcTime(origin.timestamp)}</span>
        </Button>
      ),
    },
  ];
}

/** A sign and its word: colour alone would not do. */
function closer(outcome: Outcome | undefined) {
  if (outcome?.rmse == null || outcome.naiveRmse === null) return null;
  const better = outcome.rmse < outcome.naiveRmse;
  return (
    <span className={better ? "text-good" : "text-muted"}>
      <span aria-hidden>{better ? "▲" : "▽"}</span>
      <span className="sr-only">{better ? "closer than naive" : "not closer than naive"}</span>
    </span>
  );
}
