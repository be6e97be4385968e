import { useMemo, useState } from "react";

import type { Epoch } from "@/api/types";
import { type Line, LineChart } from "@/charts/LineChart";
import { Card } from "@/components/Card";
import { CheckBox } from "@/components/Field";
import { EmptyState, Skeleton } from "@/components/States";
import { brief } from "@/format/numbers";

import { titleOf } from "./Chips";
import type { Contender } from "./contenders";
import { useEpochs } from "./useEpochs";

/** The learning curves of all, laid over each other: one chart for training, one for validation. */
export function Curves({ contenders }: { contenders: readonly Contender[] }) {
  const [logarithmic, setLogarithmic] = useState(false);
  const { epochs, pending } = useEpochs(contenders);
  const curves = useMemo(
    () => contenders.map((contender, index) => ({ contender, epochs: epochs[index] ?? [] })),
    [contenders, epochs],
  );
  const known = useMemo(() => curves.filter((curve) => curve.epochs.length > 0), [curves]);
  const without = curves.filter((curve) => curve.epochs.length === 0);
  return (
    <Card
      title="Learning curves"
      hint="Loss by epoch; lower is better. Losses can be compared where the data and the horizon are the same."
      actions={<CheckBox label="Logarithmic" checked={logarithmic} onChange={setLogarithmic} />}
    >
      {pending ? (
        <Skeleton className="h-64" />
      ) : known.length === 0 ? (
        <EmptyState title="No curves are kept of these">
          An imported model comes without the log of its training, and a session before its first epoch has
          none.
        </EmptyState>
      ) : (
        <>
          <div className="grid gap-5 xl:grid-cols-2">
            <Overlay title="In training" of="loss" {...{ known, logarithmic }} />
            <Overlay title="In validation" of="val_loss" {...{ known, logarithmic }} />
          </div>
          {without.length > 0 && (
            <p className="mt-2 text-xs text-muted">
              No curve is known of {without.map(({ contender }) => contender.letter).join(", ")}.
            </p>
          )}
        </>
      )}
    </Card>
  );
}

interface Curve {
  contender: Contender;
  epochs: readonly Epoch[];
}

interface OverlayProps {
  title: string;
  of: "loss" | "val_loss";
  known: readonly Curve[];
  logarithmic: boolean;
}

function Overlay({ title, of, known, logarithmic }: OverlayProps) {
  const lines = useMemo(() => linesOf(known.map(({ contender }) => contender)), [known]);
  const data = useMemo(() => {
    const longest = Math.max(...known.map(({ epochs }) => epochs.length));
    const numbers = Array.from({ length: longest }, (_, index) => index + 1);
    return [numbers, ...known.map(({ epochs }) => numbers.map((epoch) => epochs[epoch - 1]?.[of] ?? null))];
  }, [known, of]);
  return (
    <div className="min-w-0">
      <h3 className="mb-1 text-[13px] font-medium">{title}</h3>
      <LineChart
        summary={`Loss ${title.toLowerCase()} by epoch, of ${known.map(({ contender }) => contender.letter).join(", ")}.`}
        lines={lines}
        data={data}
        logarithmic={logarithmic}
        xLabel="Epoch"
        formatY={(value) => brief(value, 4)}
        height={280}
      />
    </div>
  );
}

/** A line for each, known by its letter. */
export function linesOf(contenders: readonly Contender[]): Line[] {
  return contenders.map((each) => ({ label: titleOf(each), colour: each.colour, tag: each.letter }));
}
