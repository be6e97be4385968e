import type { Session, Stage } from "@/api/types";
import { Card } from "@/components/Card";
import { classes } from "@/components/classes";
import { ProgressBar } from "@/components/ProgressBar";
import { useNow } from "@/components/useNow";
import { count, percent } from "@/format/numbers";
import { duration } from "@/format/times";
import type { TrainingView } from "@/realtime/view";

import { stageName, STAGES } from "./stages";
import { useThrottled } from "./useThrottled";

const SPOKEN_EVERY_MS = 8000;

/** Where a run is: its stage, how far, and how long still. */
export function ProgressCard({ session, view }: { session: Session; view: TrainingView }) {
  const running = view.status === "IN_PROGRESS";
  const now = useNow(running);
  const sentence = sentenceOf(session, view, now);
  const spoken = useThrottled(
    `${stageName(view.stage)}, ${percent(view.percentage / 100, 0)}. ${sentence}`,
    SPOKEN_EVERY_MS,
  );
  return (
    <Card>
      <StageLine stage={view.stage} running={running} />
      <div className="mt-4 flex items-baseline justify-between gap-4">
        <p className="text-muted tabular-nums">{sentence}</p>
        <p className="text-xl font-semibold whitespace-nowrap tabular-nums">
          {percent(view.percentage / 100, 0)}
        </p>
      </div>
      <div className="mt-2">
        <ProgressBar value={view.percentage} label="Progress of this training" quiet={!running} />
      </div>
      <p className="sr-only" aria-live="polite">
        {spoken}
      </p>
    </Card>
  );
}

function sentenceOf(session: Session, view: TrainingView, now: number): string {
  if (view.status === "PENDING") {
    if (view.attempt > 1 || view.epochs.length > 0)
      return "Its worker is gone; another one takes it up at its last checkpoint.";
    const position = session.queue_position;
    return position === null ? "Waiting for a worker" : `Number ${position} in the queue`;
  }
  const done = view.epochs.at(-1)?.epoch ?? 0;
  if (view.stage !== "training" || view.totalEpochs === null) return stageName(view.stage);
  const epoch = `Epoch ${count(Math.min(done + 1, view.totalEpochs))} of at most ${count(view.totalEpochs)}`;
  if (view.etaSeconds === null) return epoch;
  const left = Math.max(0, view.etaSeconds - (now - view.etaAt) / 1000);
  // No estimate is worth its seconds for long.
  const step = left < 600 ? 5 : 60;
  return `${epoch} · ${left < 2 ? "nearly done" : `about ${duration(Math.round(left / step) * step || step)} left`}`;
}

function StageLine({ stage, running }: { stage: Stage | null; running: boolean }) {
  const reached = STAGES.findIndex((each) => each.stage === stage);
  return (
    <ol className="grid grid-cols-7 gap-1 md:gap-2" aria-label="Stages">
      {STAGES.map(({ stage: key, name }, index) => {
        const here = index === reached;
        const done = index < reached;
        return (
          <li key={key} aria-current={here ? "step" : undefined} className="min-w-0">
            <div
              className={classes("h-1 rounded-full", here ? "bg-accent" : done ? "bg-accent/50" : "bg-line")}
            />
            <span
              className={classes(
                "mt-1.5 flex items-center gap-1 text-xs",
                here ? "font-semibold text-ink" : "text-muted max-md:sr-only",
              )}
            >
              {(done || here) && (
                <span aria-hidden className={here && running ? "pulse text-accent" : ""}>
                  {done ? "✓" : "●"}
                </span>
              )}
              <span className={here ? "whitespace-nowrap" : "truncate"}>{name}</span>
              {done && <span className="sr-only">, done</span>}
            </span>
          </li>
        );
      })}
    </ol>
  );
}
