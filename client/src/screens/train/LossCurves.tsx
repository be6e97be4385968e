import { useMemo, useState } from "react";

import { type Line, LineChart } from "@/charts/LineChart";
import { Card } from "@/components/Card";
import { CheckBox } from "@/components/Field";
import { EmptyState } from "@/components/States";
import { brief, significant } from "@/format/numbers";
import { duration } from "@/format/times";
import type { TrainingView } from "@/realtime/view";
import { hasEnded } from "@/realtime/view";

const LINES: readonly Line[] = [
  { label: "Loss in training", colour: "model" },
  { label: "Loss in validation", colour: "second", dashed: true },
];

/** Loss and validation loss by epoch, growing as they come. */
export function LossCurves({ view }: { view: TrainingView }) {
  const { epochs } = view;
  const [logarithmic, setLogarithmic] = useState(false);
  const data = useMemo(
    () => [
      epochs.map(({ epoch }) => epoch),
      epochs.map(({ loss }) => loss),
      epochs.map((each) => each.val_loss),
    ],
    [epochs],
  );
  const best = useMemo(() => bestOf(view), [view]);
  const marks = useMemo(() => (best ? [{ x: best.epoch, label: `best: ${best.epoch}` }] : []), [best]);
  const last = epochs.at(-1);
  return (
    <Card
      title="Learning curves"
      hint="Lower is better. Where validation rises while training falls, the network learns by heart; the weights of the best epoch are kept."
      actions={<CheckBox label="Logarithmic" checked={logarithmic} onChange={setLogarithmic} />}
    >
      {epochs.length === 0 ? (
        <NoEpochs view={view} />
      ) : (
        <>
          <LineChart
            summary={`Loss by epoch, ${epochs.length} epochs; the latest: ${significant(last?.loss)} in training, ${significant(last?.val_loss)} in validation.`}
            lines={LINES}
            data={data}
            marks={marks}
            logarithmic={logarithmic}
            xLabel="Epoch"
            formatY={(value) => brief(value, 4)}
            height={280}
          />
          <p className="mt-2 flex flex-wrap gap-x-5 gap-y-1 text-[13px] text-muted">
            <span>
              Latest: <b className="font-semibold text-ink">{significant(last?.loss)}</b> in training,{" "}
              <b className="font-semibold text-ink">{significant(last?.val_loss)}</b> in validation
            </span>
            {best && <span>Best validation so far: epoch {best.epoch}</span>}
            <span>{duration(last?.seconds)} an epoch</span>
          </p>
        </>
      )}
    </Card>
  );
}

function bestOf({ epochs, bestEpoch }: TrainingView) {
  if (epochs.length < 2) return null;
  if (bestEpoch !== null) return epochs.find(({ epoch }) => epoch === bestEpoch) ?? null;
  return epochs.reduce((best, each) => (each.val_loss < best.val_loss ? each : best));
}

function NoEpochs({ view }: { view: TrainingView }) {
  return hasEnded(view.status) ? (
    <EmptyState title="No epoch was finished">
      The training ended before its first pass over the data.
    </EmptyState>
  ) : (
    <EmptyState title="The first epoch is still to come">
      A point appears here after each pass over the training data.
    </EmptyState>
  );
}
