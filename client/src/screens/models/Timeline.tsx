import { useMemo, useState } from "react";
import { Link } from "wouter";

import { useActivations } from "@/api/hooks/useActivations";
import { useModels } from "@/api/hooks/useModels";
import type { Activation, KindQuery, Model } from "@/api/modelsApi";
import { Button } from "@/components/Button";
import { Card } from "@/components/Card";
import { ErrorState, SkeletonRows } from "@/components/States";
import { Time } from "@/components/Time";

import { sentenceOf } from "./sentences";

const FIRST = 8;
const MOST = 100;

/** Which model became active when and why, newest first. */
export function Timeline({ kind = {} }: { kind?: KindQuery }) {
  const [shown, setShown] = useState(FIRST);
  const history = useActivations({ ...kind, page_size: shown });
  const models = useModels({ ...kind, page_size: MOST });
  const byId = useMemo(
    () => new Map(models.data?.models.map((model) => [model.model_id, model])),
    [models.data],
  );
  return (
    <Card title="Activations" hint="Which model became the active one of its kind, and why.">
      {history.isError && !history.data ? (
        <ErrorState error={history.error} onRetry={() => void history.refetch()} />
      ) : !history.data ? (
        <SkeletonRows rows={3} />
      ) : history.data.total === 0 ? (
        <p className="text-muted">No model was activated yet.</p>
      ) : (
        <>
          <ol className="ml-1.5 border-l-2 border-line">
            {history.data.activations.map((each, index) => (
              <Entry
                key={`${each.activated_at} ${each.model_id}`}
                entry={each}
                byId={byId}
                newest={index === 0}
              />
            ))}
          </ol>
          {history.data.total > shown && (
            <Button className="mt-2" onClick={() => setShown(Math.min(MOST, history.data.total))}>
              Show earlier ones
            </Button>
          )}
        </>
      )}
    </Card>
  );
}

interface EntryProps {
  entry: Activation;
  byId: ReadonlyMap<string, Model>;
  newest: boolean;
}

function Entry({ entry, byId, newest }: EntryProps) {
  const { model_id, previous_model_id: previous, ticker, interval, model_type, reason, activated_at } = entry;
  return (
    <li className="relative pb-4 pl-4 text-[13px] last:pb-0">
      <span
        aria-hidden
        className={`absolute top-1.5 -left-[7px] size-3 rounded-full border-2 border-surface ${newest ? "bg-accent" : "bg-line-strong"}`}
      />
      <p>
        <Version id={model_id} model={byId.get(model_id)} />{" "}
        <span className="text-muted">
          of {model_type} · {ticker} {interval}
        </span>
      </p>
      <p className="text-xs text-muted">
        <Time moment={activated_at} />
        {previous && (
          <>
            {" · after "}
            <Version id={previous} model={byId.get(previous)} />
          </>
        )}
      </p>
      <p className="mt-0.5 text-muted">{sentenceOf(reason)}</p>
    </li>
  );
}

/** A deleted model is known by its id alone. */
function Version({ id, model }: { id: string; model: Model | undefined }) {
  if (!model) return <span title={id}>model {id.slice(0, 8)}</span>;
  return (
    <Link href={`/models/${id}`} className="font-semibold text-ink hover:text-accent hover:underline">
      version {model.version}
    </Link>
  );
}
