import type { Baseline, Report } from "@/api/report";
import type {
  Epoch,
  Failure,
  Session,
  SessionStatus,
  Stage,
  TrainingEvent,
  TrainingProgress,
} from "@/api/types";

/** What a person sees of one session, folded from its events. */
export interface TrainingView {
  status: SessionStatus;
  stage: Stage | null;
  /** Percent, 0 to 100. */
  percentage: number;
  epochs: readonly Epoch[];
  totalEpochs: number | null;
  etaSeconds: number | null;
  /** When that estimate was made, in milliseconds since 1970. */
  etaAt: number;
  attempt: number;
  /** The newest events, oldest first; older ones stay in the server's log. */
  log: readonly TrainingEvent[];
  metrics: Report | null;
  baseline: Baseline | null;
  modelId: string | null;
  bestEpoch: number | null;
  error: Failure | null;
}

export const LOG_LINES = 200;

export const EMPTY_VIEW: TrainingView = {
  status: "PENDING",
  stage: null,
  percentage: 0,
  epochs: [],
  totalEpochs: null,
  etaSeconds: null,
  etaAt: 0,
  attempt: 1,
  log: [],
  metrics: null,
  baseline: null,
  modelId: null,
  bestEpoch: null,
  error: null,
};

export const hasEnded = (status: SessionStatus): boolean => status !== "PENDING" && status !== "IN_PROGRESS";

/** `view` after `events`, which are in order and new. One pass, so that a long replay costs one drawing. */
export function fold(view: TrainingView, events: readonly TrainingEvent[]): TrainingView {
  if (events.length === 0) return view;
  const epochs = [...view.epochs];
  let next = view;
  for (const event of events) next = { ...next, ...stepped(event, epochs), ...placeOf(event) };
  return { ...next, epochs, log: [...view.log, ...events].slice(-LOG_LINES) };
}

/** What every event says of where the run is; the end of a run keeps the stage it ended in. */
function placeOf(event: TrainingEvent): Partial<TrainingView> {
  return { stage: event.stage, percentage: event.progress };
}

function stepped(event: TrainingEvent, epochs: Epoch[]): Partial<TrainingView> {
  switch (event.type) {
    case "queued":
      return { status: "PENDING" };
    case "started":
      return { status: "IN_PROGRESS", attempt: event.data.attempt };
    case "stage":
      return { status: "IN_PROGRESS", ...(event.data.stage === "training" ? {} : { etaSeconds: null }) };
    case "epoch":
      return epochEnded(event.data, Date.parse(event.timestamp), epochs);
    case "evaluated":
      return { metrics: event.data.metrics, baseline: event.data.baseline, etaSeconds: null };
    case "requeued":
      // It goes on behind the last checkpoint: what came after it is trained again.
      epochs.length = indexBehind(epochs, event.data.epoch);
      return { status: "PENDING", etaSeconds: null };
    case "completed":
      return {
        status: "COMPLETED",
        metrics: event.data.metrics,
        baseline: event.data.baseline,
        modelId: event.data.model_id,
        bestEpoch: event.data.best_epoch,
        etaSeconds: null,
      };
    case "failed":
      return { status: "FAILED", error: { details: {}, ...event.data }, etaSeconds: null };
    case "cancelled":
      return { status: "CANCELLED", etaSeconds: null };
  }
}

function epochEnded(epoch: Epoch, at: number, epochs: Epoch[]): Partial<TrainingView> {
  epochs.length = indexBehind(epochs, epoch.epoch - 1);
  epochs.push(epoch);
  return { totalEpochs: epoch.total_epochs, etaSeconds: epoch.eta_seconds, etaAt: at };
}

function indexBehind(epochs: readonly Epoch[], epoch: number): number {
  let length = epochs.length;
  while (length > 0 && (epochs[length - 1]?.epoch ?? 0) > epoch) length -= 1;
  return length;
}

/** Progress inside an epoch: not stored, so it may only move the bar forward. */
export function advance(view: TrainingView, progress: TrainingProgress): TrainingView {
  if (view.status !== "IN_PROGRESS" || progress.progress <= view.percentage) return view;
  return { ...view, percentage: progress.progress, totalEpochs: progress.total_epochs };
}

/** What a session's status document says, for showing something before its events are here. */
export function viewOf(session: Session): TrainingView {
  return {
    ...EMPTY_VIEW,
    status: session.status,
    stage: session.stage,
    percentage: session.progress.percentage,
    totalEpochs: session.progress.total_epochs,
    etaSeconds: session.progress.eta_seconds,
    etaAt: Date.now(),
    attempt: session.attempt,
    metrics: session.metrics,
    baseline: session.baseline,
    modelId: session.model_id,
    error: session.error,
  };
}
