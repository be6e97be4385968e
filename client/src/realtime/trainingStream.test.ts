import { beforeEach, expect, test, vi } from "vitest";

import type { TrainingEvent } from "@/api/types";

import { TrainingStream } from "./trainingStream";

type Listener = (given?: unknown) => void;

/** What the page holds of a connection: it can be lost and made again, and answers a join when told to. */
class Line {
  connected = true;
  private readonly listeners = new Map<string, Set<Listener>>();
  private joins: Listener[] = [];

  on(event: string, listener: Listener): void {
    this.listeners.set(event, (this.listeners.get(event) ?? new Set()).add(listener));
  }

  off(event: string, listener: Listener): void {
    this.listeners.get(event)?.delete(listener);
  }

  emit(_event: string, _payload: unknown, answer: Listener): void {
    this.joins.push(answer);
  }

  lose(): void {
    this.connected = false;
    this.joins = [];
    this.hear("disconnect");
  }

  make(): void {
    this.connected = true;
    this.hear("connect");
  }

  hear(event: string, given?: unknown): void {
    this.listeners.get(event)?.forEach((each) => {
      each(given);
    });
  }

  acknowledge(): void {
    this.joins.splice(0).forEach((answer) => {
      answer({ ok: true });
    });
  }
}

let line: Line;
vi.mock("./socket", () => ({ connection: () => line }));

const event = (seq: number) =>
  ({
    session_id: "s",
    seq,
    type: "stage",
    stage: "training",
    progress: null,
    data: {},
  }) as unknown as TrainingEvent;

async function opened(log: TrainingEvent[]): Promise<TrainingStream> {
  const stream = new TrainingStream(
    "s",
    () => Promise.resolve(log),
    () => undefined,
  );
  stream.subscribe(() => undefined);
  await vi.waitFor(() => {
    expect(stream.snapshot().lastSeq).toBe(log.length);
  });
  return stream;
}

beforeEach(() => {
  line = new Line();
  vi.stubGlobal("document", { hidden: false });
  vi.stubGlobal("requestAnimationFrame", (draw: () => void) => {
    draw();
  });
});

test("a page that was never cut off recovers from nothing", async () => {
  const stream = await opened([event(1), event(2)]);
  line.acknowledge();
  expect(stream.snapshot()).toMatchObject({ caughtUp: true, recovered: null });
});

test("what was missed is counted, also when the connection went before the first join was answered", async () => {
  const stream = await opened([event(1), event(2)]);
  line.lose();
  line.make();
  [3, 4, 5].forEach((seq) => {
    line.hear("training_update", event(seq));
  });
  line.acknowledge();
  expect(stream.snapshot()).toMatchObject({ caughtUp: true, lastSeq: 5, recovered: { events: 3 } });
});
