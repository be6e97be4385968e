import { Link } from "wouter";

import { type Model, modelsApi } from "@/api/modelsApi";
import { DownloadLink } from "@/components/Button";
import { Card } from "@/components/Card";
import { type Column, Table } from "@/components/Table";
import { Time } from "@/components/Time";
import { price, quoteOf } from "@/format/numbers";
import { utcDay } from "@/format/times";
import { METRICS, type Score } from "@/screens/result/metrics";
import { Outcome } from "@/screens/sessions/Outcome";
import { Choose } from "@/screens/sessions/SelectionBar";
import type { Selection } from "@/screens/sessions/useSelection";

import { ActivateButton } from "./ActivateButton";
import { DeleteButton } from "./DeleteButton";
import { type Kind, modelName } from "./kinds";
import { Flag, ModelStatus } from "./ModelStatus";
import { sentenceOf } from "./sentences";

interface KindCardProps {
  kind: Kind;
  /** The metric that orders the list, shown as a column of its own where it is not one already. */
  metric: string;
  selection: Selection;
}

const ALWAYS_SHOWN = ["skill", "rmse"];

/** All models that compete for one place, the active one marked. */
export function KindCard({ kind, metric, selection }: KindCardProps) {
  const active = kind.models.find(({ status }) => status === "active");
  return (
    <Card
      title={`${kind.model_type} · ${kind.ticker} ${kind.interval}`}
      hint={active ? `Version ${active.version} is active: forecasts come from it.` : undefined}
    >
      <Table
        caption={`Models of ${kind.key}`}
        columns={columnsOf(metric, selection)}
        rows={kind.models}
        rowKey={({ model_id }) => model_id}
        rowClass={({ status }) => (status === "active" ? "bg-good-soft/40" : undefined)}
        stacked
      />
    </Card>
  );
}

function columnsOf(metric: string, selection: Selection): Column<Model>[] {
  const chosen = METRICS.find(({ key }) => key === metric && !ALWAYS_SHOWN.includes(key));
  return [
    {
      key: "name",
      title: "Version",
      width: "lg:w-[14%]",
      cell: (model) => <Name model={model} selection={selection} />,
    },
    {
      key: "status",
      title: "Place",
      wide: true,
      width: "lg:w-[34%]",
      cell: (model) => <Place model={model} />,
    },
    {
      key: "skill",
      title: "Skill (naive: 0 %)",
      numeric: true,
      width: "lg:w-[10%]",
      cell: ({ metrics }) => <Outcome scores={metrics.overall} />,
    },
    {
      key: "rmse",
      title: "RMSE, and naive's",
      numeric: true,
      width: "lg:w-[12%]",
      cell: ({ metrics, baseline, ticker }) => (
        <WithNaive
          value={price(metrics.overall.rmse, quoteOf(ticker))}
          naive={price(baseline.overall.rmse)}
        />
      ),
    },
    ...(chosen
      ? [
          {
            key: chosen.key,
            title: chosen.name,
            numeric: true,
            cell: ({ metrics, baseline, ticker }: Model) => (
              <WithNaive
                value={chosen.format(metrics.overall[chosen.key] as Score, quoteOf(ticker))}
                naive={chosen.format(baseline.overall[chosen.key] as Score, quoteOf(ticker))}
              />
            ),
          },
        ]
      : []),
    {
      key: "until",
      title: "Data until",
      numeric: true,
      width: "lg:w-[9%]",
      cell: ({ trained_until }) => <Time moment={trained_until} format={utcDay} />,
    },
    {
      key: "actions",
      title: <span className="sr-only">Actions</span>,
      numeric: true,
      wide: true,
      cell: (model) => <Actions model={model} />,
    },
  ];
}

function WithNaive({ value, naive }: { value: string; naive: string }) {
  return (
    <span className="inline-flex flex-col items-start lg:items-end">
      <span>{value}</span>
      <span className="text-xs text-muted">naive {naive}</span>
    </span>
  );
}

function Name({ model, selection }: { model: Model; selection: Selection }) {
  return (
    <span className="flex items-center gap-2">
      <Choose id={model.model_id} name={`${modelName(model)} of ${model.ticker}`} selection={selection} />
      <span>
        <Link
          href={`/models/${model.model_id}`}
          className="font-semibold whitespace-nowrap hover:text-accent hover:underline"
        >
          Version {model.version}
        </Link>
        <span className="block text-xs font-normal whitespace-nowrap text-muted">
          sees {model.lookback}, forecasts {model.horizon}
        </span>
      </span>
    </span>
  );
}

function Place({ model }: { model: Model }) {
  return (
    <span className="flex min-w-44 flex-col items-start gap-1">
      <span className="flex flex-wrap gap-1.5">
        <ModelStatus status={model.status} />
        {model.fault && <Flag word="Cannot be served" title={model.fault.message} />}
        {model.drift && <Flag word="Drifts" title={model.drift.reason} />}
      </span>
      <span className="max-w-prose text-xs text-muted">{sentenceOf(model.reason)}</span>
    </span>
  );
}

function Actions({ model }: { model: Model }) {
  return (
    <span className="inline-flex items-center justify-end gap-1.5">
      <ActivateButton model={model} />
      <DownloadLink href={modelsApi.exportAddress(model.model_id)} label={`Download: ${modelName(model)}`}>
        Download
      </DownloadLink>
      <DeleteButton model={model} />
    </span>
  );
}
