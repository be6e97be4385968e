import type { JoinedPrediction, Messages } from "@/api/messages";
import type { ForecastEvent, SeriesName } from "@/api/predictionsApi";

import { oncePerFrame } from "./frames";
import { Patience } from "./patience";
import { accept, emptySequence, hasHole, resumed } from "./sequence";
import { connection, type Acknowledged, type Refusal } from "./socket";

/** Events kept for showing; what is older stays in the server's log. */
export const KEPT_EVENTS = 60;

export interface RoomState {
  /** What happened since the page was opened, newest first. */
  events: readonly ForecastEvent[];
  joined: boolean;
  /** After a reconnection: how many events were missed and fetched, and when. */
  recovered: { events: number; at: number } | null;
  refused: Refusal | null;
}

const START: RoomState = { events: [], joined: false, recovered: null, refused: null };

type Joined = Messages["joined_prediction"];

/** The room of a series' forecasts: joins it where its log ends, and rejoins with the last number seen. */
export class ForecastStream {
  private state = START;
  private sequence = emptySequence<ForecastEvent>();
  private arrived: ForecastEvent[] = [];
  private readonly patience = new Patience(() => {
    if (hasHole(this.sequence) && connection().connected) this.join();
  });
  private readonly listeners = new Set<() => void>();
  private readonly draw = oncePerFrame(() => this.flush());

  constructor(
    private readonly series: SeriesName,
    private readonly onEvents: (events: readonly ForecastEvent[]) => void,
  ) {}

  readonly subscribe = (listener: () => void): (() => void) => {
    if (this.listeners.size === 0) this.open();
    this.listeners.add(listener);
    return () => {
      this.listeners.delete(listener);
      if (this.listeners.size === 0) this.close();
    };
  };

  readonly snapshot = (): RoomState => this.state;

  private open(): void {
    const socket = connection();
    socket.on("connect", this.join);
    socket.on("joined_prediction", this.onJoined);
    socket.on("prediction_update", this.onUpdate);
    if (socket.connected) this.join();
  }

  private close(): void {
    const socket = connection();
    socket.off("connect", this.join);
    socket.off("joined_prediction", this.onJoined);
    socket.off("prediction_update", this.onUpdate);
    this.patience.stop();
    if (socket.connected) socket.emit("leave_prediction", this.series as never, () => undefined);
  }

  /** The first time from now on; later from the last number seen. The acknowledgement follows the replay. */
  private readonly join = (): void => {
    const again = this.state.joined;
    const before = this.sequence.last;
    const payload = { ...this.series, ...(again ? { after: before } : {}) };
    connection().emit("join_prediction", payload as never, (given: Acknowledged<JoinedPrediction>) => {
      if (!given.ok) {
        this.change({ refused: given.error });
        return;
      }
      this.flush();
      const recovered = { events: this.sequence.last - before, at: Date.now() };
      this.change({ joined: true, refused: null, ...(again ? { recovered } : {}) });
      if (again) this.onEvents([]);
    });
  };

  private readonly onJoined = (joined: Joined): void => {
    if (!this.isMine(joined) || this.state.joined) return;
    this.sequence = resumed(this.sequence, joined.last_seq);
    this.change({ joined: true });
  };

  private readonly onUpdate = (event: Messages["prediction_update"]): void => {
    if (!this.isMine(event)) return;
    this.arrived.push(event as unknown as ForecastEvent);
    this.draw();
  };

  private isMine(named: { ticker?: string; interval?: string }): boolean {
    return named.ticker === this.series.ticker && named.interval === this.series.interval;
  }

  private flush(): void {
    const { sequence, ready } = accept(this.sequence, this.arrived);
    this.arrived = [];
    this.sequence = sequence;
    this.patience.watch(hasHole(this.sequence));
    if (ready.length === 0) return;
    this.change({ events: [...ready.toReversed(), ...this.state.events].slice(0, KEPT_EVENTS) });
    this.onEvents(ready);
  }

  private change(changed: Partial<RoomState>): void {
    this.state = { ...this.state, ...changed };
    this.listeners.forEach((each) => each());
  }
}
