/**
 * Numbered events put into order: repeats are dropped, early ones wait, holes are named.
 *
 * Pure, and knows nothing of what the events mean.
 */
export interface Numbered {
  seq: number;
}

export interface Sequence<Event extends Numbered> {
  /** The last number up to which nothing is missing. */
  readonly last: number;
  /** Events that came before one that is still missing. */
  readonly early: ReadonlyMap<number, Event>;
}

/** More than this waiting is no small disorder: they are let go, and asked for again. */
export const MOST_EARLY = 2000;

export function emptySequence<Event extends Numbered>(last = 0): Sequence<Event> {
  return { last, early: new Map() };
}

/** The events that can be shown now, in order, and what is known afterwards. */
export function accept<Event extends Numbered>(
  sequence: Sequence<Event>,
  arrived: readonly Event[],
): { sequence: Sequence<Event>; ready: Event[] } {
  const early = new Map(sequence.early);
  for (const event of arrived) {
    if (event.seq > sequence.last && !early.has(event.seq)) early.set(event.seq, event);
  }
  const ready: Event[] = [];
  let last = sequence.last;
  for (let next = early.get(last + 1); next; next = early.get(last + 1)) {
    ready.push(next);
    early.delete(next.seq);
    last = next.seq;
  }
  if (early.size > MOST_EARLY) early.clear();
  return { sequence: { last, early }, ready };
}

/** Whether something is missing before an event that has arrived. */
export function hasHole(sequence: Sequence<Numbered>): boolean {
  return sequence.early.size > 0;
}

/** The same, where only what follows `last` is of interest; what has come early still waits. */
export function resumed<Event extends Numbered>(sequence: Sequence<Event>, last: number): Sequence<Event> {
  const early = new Map([...sequence.early].filter(([seq]) => seq > last));
  return { last, early };
}
