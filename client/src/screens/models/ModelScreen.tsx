import { Link, useLocation } from "wouter";

import { useModel } from "@/api/hooks/useModel";
import { type ModelDetails, modelsApi } from "@/api/modelsApi";
import { ButtonLink, DownloadLink } from "@/components/Button";
import { Page } from "@/components/Page";
import { ErrorState, Loading, Notice } from "@/components/States";
import { Time } from "@/components/Time";
import { quoteOf } from "@/format/numbers";
import { Coverage } from "@/screens/result/Coverage";
import { MetricsTable } from "@/screens/result/MetricsTable";
import { StepErrors } from "@/screens/result/StepErrors";
import { TestPart } from "@/screens/result/TestPart";

import { ActivateButton } from "./ActivateButton";
import { ComparisonCard } from "./ComparisonCard";
import { DataCard } from "./DataCard";
import { DeleteButton } from "./DeleteButton";
import { Figures } from "./Figures";
import { modelName } from "./kinds";
import { MadeOf } from "./MadeOf";
import { Flag, ModelStatus } from "./ModelStatus";
import { sentenceOf } from "./sentences";
import { Timeline } from "./Timeline";

const SHAPES = ["h-14 max-w-xl", "h-32", "h-96"];

/** `/models/<model>`: everything that is known of one model. */
export function ModelScreen({ modelId }: { modelId: string }) {
  const asked = useModel(modelId);
  const model = asked.data;
  if (!model) {
    if (!asked.isError) return <Loading shapes={SHAPES} />;
    return (
      <Page title="Model" actions={<ButtonLink href="/models">All models</ButtonLink>}>
        <ErrorState error={asked.error} onRetry={() => void asked.refetch()} />
      </Page>
    );
  }
  const { ticker, interval, model_type, metrics, baseline } = model;
  const currency = quoteOf(ticker);
  return (
    <Page
      title={`${modelName(model)} · ${ticker} ${interval}`}
      intro={<Place model={model} />}
      actions={<Actions model={model} />}
    >
      <Flags model={model} />
      <Figures model={model} />
      <TestPart modelId={modelId} horizon={model.horizon} interval={interval} currency={currency} />
      <div className="grid items-start gap-4 md:gap-5 xl:grid-cols-2">
        <StepErrors metrics={metrics} baseline={baseline} interval={interval} currency={currency} />
        <Coverage metrics={metrics} baseline={baseline} interval={interval} />
      </div>
      <div className="grid items-start gap-4 md:gap-5 xl:grid-cols-2">
        <div className="flex min-w-0 flex-col gap-4 md:gap-5">
          <MetricsTable metrics={metrics} baseline={baseline} modelType={model_type} currency={currency} />
          <Timeline kind={{ ticker, interval, model_type }} />
        </div>
        <div className="flex min-w-0 flex-col gap-4 md:gap-5">
          <ComparisonCard model={model} />
          <DataCard model={model} />
          <MadeOf model={model} />
        </div>
      </div>
    </Page>
  );
}

function Place({ model }: { model: ModelDetails }) {
  return (
    <div className="flex flex-col gap-1.5 pt-1 text-[13px]">
      <p className="flex flex-wrap items-center gap-x-2.5 gap-y-1">
        <ModelStatus status={model.status} />
        <span>
          trained <Time moment={model.created_at} />
        </span>
        {model.activated_at && (
          <span>
            activated <Time moment={model.activated_at} />
          </span>
        )}
        <Link href={`/train/${model.model_id}`} className="underline hover:text-ink">
          Its training
        </Link>
        <Link href="/models" className="underline hover:text-ink">
          All models
        </Link>
      </p>
      <p>{sentenceOf(model.reason)}</p>
    </div>
  );
}

function Actions({ model }: { model: ModelDetails }) {
  const [, go] = useLocation();
  return (
    <>
      <ActivateButton model={model} primary />
      <DownloadLink href={modelsApi.exportAddress(model.model_id)}>Download</DownloadLink>
      <DeleteButton model={model} onDeleted={() => go("/models")} />
    </>
  );
}

function Flags({ model: { fault, drift } }: { model: ModelDetails }) {
  return (
    <>
      {fault && (
        <Notice tone="bad">
          <p>
            <b className="font-semibold">It cannot be served at present.</b> {sentenceOf(fault.message)}{" "}
            Forecasts come from the last model that can be served. Activating it again tries anew.
          </p>
          <p className="font-mono text-xs text-muted">{fault.error_code}</p>
        </Notice>
      )}
      {drift && (
        <Notice tone="warn" action={<Flag word="Drifts" title={drift.reason} />}>
          <b className="font-semibold">Its live forecasts are out of band</b> since{" "}
          <Time moment={drift.since} />: {sentenceOf(drift.reason)} Training a new model on newer candles is
          the usual remedy.
        </Notice>
      )}
    </>
  );
}
