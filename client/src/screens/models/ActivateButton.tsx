import { useState } from "react";

import { useActivateModel } from "@/api/hooks/useActivateModel";
import { useModels } from "@/api/hooks/useModels";
import type { Model, ModelDetails } from "@/api/modelsApi";
import { Button } from "@/components/Button";
import { Dialog } from "@/components/Dialog";
import { ErrorState, Skeleton } from "@/components/States";
import { toast } from "@/components/Toasts";

import { Beside } from "./Beside";
import { modelName } from "./kinds";

interface ActivateButtonProps {
  model: Model | ModelDetails;
  primary?: boolean;
}

/** Makes a model the active one of its kind, once its figures beside the present one's were seen. */
export function ActivateButton({ model, primary = false }: ActivateButtonProps) {
  const [asking, setAsking] = useState(false);
  const activate = useActivateModel();
  if (model.status === "active") return null;
  const word = model.status === "archived" ? "Roll back" : "Activate";
  const close = () => {
    setAsking(false);
    activate.reset();
  };
  const done = () => {
    close();
    toast(`${modelName(model)} is now the active model for ${model.ticker} ${model.interval}.`);
  };
  return (
    <>
      <Button
        kind={primary ? "primary" : "secondary"}
        aria-label={`${word}: ${modelName(model)}`}
        onClick={() => setAsking(true)}
      >
        {word}
      </Button>
      <Dialog
        open={asking}
        title={`${word === "Activate" ? "Activate" : "Roll back to"} ${modelName(model)}?`}
        onClose={close}
        actions={
          <>
            <Button onClick={close}>Leave as it is</Button>
            <Button
              kind="primary"
              busy={activate.isPending}
              onClick={() => activate.mutate(model.model_id, { onSuccess: done })}
            >
              {word}
            </Button>
          </>
        }
      >
        {asking && <Consequences model={model} />}
        {activate.isError && (
          <div className="mt-3">
            <ErrorState error={activate.error} />
          </div>
        )}
      </Dialog>
    </>
  );
}

function Consequences({ model }: { model: Model | ModelDetails }) {
  const { ticker, interval, model_type } = model;
  const found = useModels({ ticker, interval, model_type, status: "active", page_size: 1 });
  if (found.isError) return <ErrorState error={found.error} onRetry={() => void found.refetch()} />;
  if (!found.data) return <Skeleton className="h-40" />;
  const active = found.data.models[0] ?? null;
  return (
    <>
      <p>
        {model_type} forecasts for {ticker} {interval} come from it at once.{" "}
        {active
          ? `${modelName(active)} is archived and can be rolled back to.`
          : "No other model of this kind is active."}
      </p>
      <Beside model={model} active={active} />
    </>
  );
}
