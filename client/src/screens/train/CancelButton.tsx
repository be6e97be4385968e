import { useState } from "react";

import { useCancelTraining } from "@/api/hooks/useCancelTraining";
import type { Session } from "@/api/types";
import { Button } from "@/components/Button";
import { Dialog } from "@/components/Dialog";
import { ErrorState } from "@/components/States";

/** Ends a session, once it is confirmed. */
export function CancelButton({ session }: { session: Session }) {
  const [asking, setAsking] = useState(false);
  const cancel = useCancelTraining();
  const close = () => {
    setAsking(false);
    cancel.reset();
  };
  return (
    <>
      <Button kind="danger" onClick={() => setAsking(true)}>
        Cancel training
      </Button>
      <Dialog
        open={asking}
        title="Cancel this training?"
        onClose={close}
        actions={
          <>
            <Button onClick={close}>Keep training</Button>
            <Button
              kind="danger"
              busy={cancel.isPending}
              onClick={() => cancel.mutate(session.session_id, { onSuccess: close })}
            >
              Cancel training
            </Button>
          </>
        }
      >
        <p>
          The {session.model_type} on {session.ticker} ends at once, for everyone who watches it. No model
          will come of it, and it cannot be taken up again.
        </p>
        {cancel.isError && (
          <div className="mt-3">
            <ErrorState error={cancel.error} />
          </div>
        )}
      </Dialog>
    </>
  );
}
