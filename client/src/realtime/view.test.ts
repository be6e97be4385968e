import { describe, expect, it } from "vitest";

import type { TrainingEvent } from "@/api/types";

import { advance, EMPTY_VIEW, fold, LOG_LINES } from "./view";

const SESSION = "3f0c9b0e8a4b4f0e9d6a3b1c2d4e5f60";
const AT = "2026-01-01T00:00:00.000Z";

type Data<Type extends TrainingEvent["type"]> = Extract<TrainingEvent, { type: Type }>["data"];

function event<Type extends TrainingEvent["type"]>(seq: number, type: Type, data: Data<Type>): TrainingEvent {
  const stage = type === "epoch" ? ("training" as const) : null;
  return { session_id: SESSION, seq, type, stage, progress: seq, timestamp: AT, data } as TrainingEvent;
}

function epoch(seq: number, number: number, loss = 1 / number): TrainingEvent {
  return event(seq, "epoch", {
    epoch: number,
    total_epochs: 1000,
    loss,
    val_loss: loss,
    mae: loss,
    val_mae: loss,
    learning_rate: 0.001,
    seconds: 0.5,
    eta_seconds: 10,
  });
}

const numbers = (view: { epochs: readonly { epoch: number }[] }) => view.epochs.map((each) => each.epoch);

describe("fold", () => {
  it("follows a run from the queue to its end", () => {
    const started = fold(EMPTY_VIEW, [
      event(1, "queued", { queue_position: 1 }),
      event(2, "started", { attempt: 1, worker: "trainer:1" }),
      event(3, "stage", { stage: "training" }),
      epoch(4, 1),
    ]);
    expect(started).toMatchObject({ status: "IN_PROGRESS", etaSeconds: 10, percentage: 4 });
    const failed = fold(started, [event(5, "failed", { error_code: "loss_not_finite", message: "NaN" })]);
    expect(failed).toMatchObject({ status: "FAILED", etaSeconds: null });
    expect(failed.error?.message).toBe("NaN");
  });

  it("replays a thousand epochs in one pass, well within a frame budget of 300 ms", () => {
    const replay = Array.from({ length: 1000 }, (_, index) => epoch(index + 1, index + 1));
    const began = performance.now();
    const view = fold(EMPTY_VIEW, replay);
    expect(performance.now() - began).toBeLessThan(100);
    expect(view.epochs).toHaveLength(1000);
    expect(view.log).toHaveLength(LOG_LINES);
    expect(view.log.at(-1)?.seq).toBe(1000);
  });

  it("takes back the epochs that a picked-up run trains again", () => {
    const first = fold(EMPTY_VIEW, [epoch(1, 1), epoch(2, 2), epoch(3, 3)]);
    const requeued = fold(first, [event(4, "requeued", { reason: "worker_lost", attempt: 1, epoch: 2 })]);
    expect(numbers(requeued)).toEqual([1, 2]);
    expect(requeued.status).toBe("PENDING");
    expect(numbers(fold(requeued, [epoch(5, 3), epoch(6, 4)]))).toEqual([1, 2, 3, 4]);
  });

  it("keeps memory bounded by the epochs of the run, not by the number of events", () => {
    let view = EMPTY_VIEW;
    for (let seq = 1; seq <= 20_000; seq += 500) {
      view = fold(
        view,
        Array.from({ length: 500 }, (_, index) => epoch(seq + index, ((seq + index - 1) % 1000) + 1)),
      );
    }
    expect(view.epochs.length).toBeLessThanOrEqual(1000);
    expect(view.log).toHaveLength(LOG_LINES);
  });

  it("is the same object when nothing came, so that nothing is drawn", () => {
    expect(fold(EMPTY_VIEW, [])).toBe(EMPTY_VIEW);
  });
});

describe("advance", () => {
  const progress = (percent: number) => ({
    session_id: SESSION,
    epoch: 1,
    total_epochs: 10,
    batch: 1,
    batches: 10,
    loss: null,
    progress: percent,
    timestamp: AT,
  });
  const running = { ...EMPTY_VIEW, status: "IN_PROGRESS" as const, percentage: 20 };

  it("moves the bar forward only", () => {
    expect(advance(running, progress(25)).percentage).toBe(25);
    expect(advance(running, progress(15))).toBe(running);
  });

  it("says nothing of a session that does not run", () => {
    const ended = { ...running, status: "COMPLETED" as const };
    expect(advance(ended, progress(99))).toBe(ended);
  });
});
