import type { TrainingEvent } from "@/api/types";
import { count, significant, signedPercent } from "@/format/numbers";
import { duration } from "@/format/times";

import { stageName } from "./stages";

/** An event as a sentence. */
export function sentenceOf(event: TrainingEvent): string {
  switch (event.type) {
    case "queued":
      return `Queued as number ${event.data.queue_position}`;
    case "started":
      return startedSentence(event.data);
    case "stage":
      return stageName(event.data.stage);
    case "epoch": {
      const { epoch, total_epochs: total, loss, val_loss: valLoss, seconds } = event.data;
      return `Epoch ${count(epoch)} of ${count(total)}: loss ${significant(loss)}, validation ${significant(valLoss)}, ${duration(seconds)}`;
    }
    case "evaluated":
      return `Scored on the test part: skill ${signedPercent(event.data.metrics.overall.skill)} against naive`;
    case "completed":
      return `Completed after ${count(event.data.epochs)} epochs with the weights of epoch ${event.data.best_epoch}`;
    case "failed":
      return `Failed: ${event.data.message}`;
    case "cancelled":
      return event.data.epoch > 0
        ? `Cancelled after epoch ${event.data.epoch}`
        : "Cancelled before its first epoch";
    case "requeued":
      return requeuedSentence(event.data);
  }
}

function startedSentence({
  attempt,
  resumed_from_epoch: resumed,
}: {
  attempt: number;
  resumed_from_epoch?: number;
}): string {
  if (attempt === 1) return "Started by a worker";
  return resumed
    ? `Taken up by another worker behind epoch ${resumed}`
    : "Taken up by another worker from the beginning";
}

function requeuedSentence({
  reason,
  epoch,
}: {
  reason: "worker_lost" | "worker_shutdown";
  epoch: number;
}): string {
  const why = reason === "worker_lost" ? "Its worker was lost" : "Its worker was shut down";
  return `${why}; it waits to go on behind epoch ${epoch}`;
}
