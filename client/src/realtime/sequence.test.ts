import { describe, expect, it } from "vitest";

import { accept, emptySequence, hasHole, MOST_EARLY, resumed, type Sequence } from "./sequence";

interface Event {
  seq: number;
  note?: string;
}

const events = (...seqs: number[]): Event[] => seqs.map((seq) => ({ seq }));

function acceptAll(...batches: Event[][]): { sequence: Sequence<Event>; shown: number[] } {
  let sequence = emptySequence<Event>();
  const shown: number[] = [];
  for (const batch of batches) {
    const found = accept(sequence, batch);
    sequence = found.sequence;
    shown.push(...found.ready.map((event) => event.seq));
  }
  return { sequence, shown };
}

describe("accept", () => {
  it("shows events in order whatever order they came in", () => {
    expect(acceptAll(events(3, 1), events(5, 2), events(4)).shown).toEqual([1, 2, 3, 4, 5]);
  });

  it("shows each event once, however often it comes", () => {
    const { shown } = acceptAll(events(1, 1, 2), events(2, 1, 3), events(3, 2, 1));
    expect(shown).toEqual([1, 2, 3]);
  });

  it("keeps the first of two events of one number", () => {
    const { ready } = accept(emptySequence<Event>(), [
      { seq: 1, note: "first" },
      { seq: 1, note: "second" },
    ]);
    expect(ready).toEqual([{ seq: 1, note: "first" }]);
  });

  it("shows nothing behind a hole, and says that there is one", () => {
    const { sequence, shown } = acceptAll(events(1, 2, 4, 5));
    expect(shown).toEqual([1, 2]);
    expect(sequence.last).toBe(2);
    expect(hasHole(sequence)).toBe(true);
  });

  it("goes on by itself once the hole is filled", () => {
    const { sequence, shown } = acceptAll(events(1, 3, 4), events(2));
    expect(shown).toEqual([1, 2, 3, 4]);
    expect(hasHole(sequence)).toBe(false);
  });

  it("goes on from a number that was seen before", () => {
    const { ready } = accept(emptySequence<Event>(7), events(6, 7, 8, 9));
    expect(ready.map((event) => event.seq)).toEqual([8, 9]);
  });

  it("lets go of what waits when too much does, so that it can be asked for again", () => {
    const far = Array.from({ length: MOST_EARLY + 1 }, (_, index) => ({ seq: index + 10 }));
    const { sequence } = accept(emptySequence<Event>(), far);
    expect(sequence.early.size).toBe(0);
    const { ready } = accept(sequence, [...events(1, 2, 3, 4, 5, 6, 7, 8, 9), ...far]);
    expect(ready).toHaveLength(far.length + 9);
  });

  it("changes nothing that it was given", () => {
    const before = accept(emptySequence<Event>(), events(2)).sequence;
    accept(before, events(1));
    expect(before.last).toBe(0);
    expect([...before.early.keys()]).toEqual([2]);
  });
});

describe("resumed", () => {
  it("begins behind a number, and keeps what has come early after it", () => {
    const { sequence } = accept(emptySequence<Event>(), events(4, 6, 7));
    const later = resumed(sequence, 5);
    expect(accept(later, []).ready.map(({ seq }) => seq)).toEqual([6, 7]);
    expect(hasHole(resumed(sequence, 7))).toBe(false);
  });
});
