import type { Messages } from "@/api/messages";
import type { SeriesName } from "@/api/predictionsApi";

import { oncePerFrame } from "./frames";
import {
  type JoinedMarket,
  type LiveMarket,
  type MarketUpdate,
  NO_MARKET,
  withJob,
  withJoined,
  withUpdate,
} from "./market";
import { type Acknowledged, connection, type Refusal } from "./socket";

// Two screens in a row that show the same series share one stay in its room.
const LEAVE_AFTER_MS = 2000;

export interface MarketState extends LiveMarket {
  /** How often the room was joined: more than once after a lost connection. */
  joins: number;
  refused: Refusal | null;
}

export const NOT_JOINED: MarketState = { ...NO_MARKET, joins: 0, refused: null };

/** The room of a series' prices: joins it, and again after a lost connection; drawn once a frame at most. */
export class MarketRoom {
  private state = NOT_JOINED;
  private next = NOT_JOINED;
  private leaveTimer: ReturnType<typeof setTimeout> | undefined;
  private readonly listeners = new Set<() => void>();
  private readonly draw = oncePerFrame(() => {
    if (this.next === this.state) return;
    this.state = this.next;
    this.listeners.forEach((each) => each());
  });

  constructor(
    private readonly series: SeriesName,
    private readonly forget: () => void,
  ) {}

  readonly subscribe = (listener: () => void): (() => void) => {
    clearTimeout(this.leaveTimer);
    this.leaveTimer = undefined;
    if (this.listeners.size === 0) this.open();
    this.listeners.add(listener);
    return () => {
      this.listeners.delete(listener);
      if (this.listeners.size === 0) this.leaveTimer = setTimeout(this.close, LEAVE_AFTER_MS);
    };
  };

  readonly snapshot = (): MarketState => this.state;

  private open(): void {
    const socket = connection();
    this.detach();
    socket.on("connect", this.join);
    socket.on("market_update", this.onUpdate);
    socket.on("market_job", this.onJob);
    if (socket.connected) this.join();
  }

  private readonly close = (): void => {
    const socket = connection();
    this.detach();
    if (socket.connected) socket.emit("leave_market", this.series as never, () => undefined);
    this.forget();
  };

  private detach(): void {
    const socket = connection();
    socket.off("connect", this.join);
    socket.off("market_update", this.onUpdate);
    socket.off("market_job", this.onJob);
  }

  private readonly join = (): void => {
    connection().emit("join_market", this.series as never, (given: Acknowledged<JoinedMarket>) => {
      if (given.ok)
        this.change({ ...withJoined(this.next, given), joins: this.next.joins + 1, refused: null });
      else this.change({ refused: given.error });
    });
  };

  private readonly onUpdate = (update: Messages["market_update"]): void => {
    if (this.isMine(update)) this.change(withUpdate(this.next, update as MarketUpdate, Date.now()));
  };

  private readonly onJob = (job: Messages["market_job"]): void => {
    if (this.isMine(job)) this.change(withJob(this.next, job));
  };

  private isMine(named: { ticker: string; interval: string }): boolean {
    return named.ticker === this.series.ticker && named.interval === this.series.interval;
  }

  private change(changed: Partial<MarketState>): void {
    this.next = { ...this.next, ...changed };
    this.draw();
  }
}
