import { useState } from "react";

import { useDeleteModel } from "@/api/hooks/useDeleteModel";
import type { Model, ModelDetails } from "@/api/modelsApi";
import { Button } from "@/components/Button";
import { Dialog } from "@/components/Dialog";
import { ErrorState } from "@/components/States";
import { toast } from "@/components/Toasts";

import { modelName } from "./kinds";

interface DeleteButtonProps {
  model: Model | ModelDetails;
  onDeleted?: () => void;
}

/** Removes a model, once it is confirmed; the server says why it will not. */
export function DeleteButton({ model, onDeleted }: DeleteButtonProps) {
  const [asking, setAsking] = useState(false);
  const remove = useDeleteModel();
  const close = () => {
    setAsking(false);
    remove.reset();
  };
  const done = () => {
    close();
    toast(`${modelName(model)} was deleted.`);
    onDeleted?.();
  };
  return (
    <>
      <Button kind="danger" aria-label={`Delete: ${modelName(model)}`} onClick={() => setAsking(true)}>
        Delete
      </Button>
      <Dialog
        open={asking}
        title={`Delete ${modelName(model)}?`}
        onClose={close}
        actions={
          <>
            <Button onClick={close}>Keep it</Button>
            <Button
              kind="danger"
              busy={remove.isPending}
              onClick={() => remove.mutate(model.model_id, { onSuccess: done })}
            >
              Delete
            </Button>
          </>
        }
      >
        <p>
          The trained network for {model.ticker} {model.interval} is removed for good: it can no longer be
          rolled back to or downloaded. Its forecasts, its activations and the session that made it stay.
        </p>
        {remove.isError && (
          <div className="mt-3">
            <ErrorState error={remove.error} />
          </div>
        )}
      </Dialog>
    </>
  );
}
