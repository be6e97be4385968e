import { ApiError } from "@/api/failure";
import type { JoinedTraining, Messages } from "@/api/messages";
import type { Session, TrainingEvent, TrainingProgress } from "@/api/types";

import { oncePerFrame } from "./frames";
import { Patience } from "./patience";
import { accept, emptySequence, hasHole } from "./sequence";
import { connection, type Acknowledged, type Refusal } from "./socket";
import { advance, EMPTY_VIEW, fold, type TrainingView, viewOf } from "./view";

// Two screens in a row that show the same session share one stay in its room.
const LEAVE_AFTER_MS = 2000;

export interface StreamState {
  view: TrainingView;
  lastSeq: number;
  /** The session as it was on joining; null until then. */
  session: Session | null;
  /** The whole log up to the moment of joining is here. */
  caughtUp: boolean;
  /** After a reconnection: how many events were missed and fetched, and when. */
  recovered: { events: number; at: number } | null;
  refused: Refusal | null;
}

const START: StreamState = {
  view: EMPTY_VIEW,
  lastSeq: 0,
  session: null,
  caughtUp: false,
  recovered: null,
  refused: null,
};

/** One session's room: joins it, rejoins with the last number seen, and shows what came as one state. */
export class TrainingStream {
  private state = START;
  private sequence = emptySequence<TrainingEvent>();
  private arrived: TrainingEvent[] = [];
  private progress: TrainingProgress | null = null;
  private lost = false;
  // Between asking to join and the acknowledgement, which the server sends behind the replay.
  private replaying = false;
  // While the log is read by an ordinary request, which brings a thousand events sooner than as many messages.
  private reading = false;
  private readonly patience = new Patience(() => {
    if (hasHole(this.sequence) && connection().connected) this.join();
  });
  private leaveTimer: ReturnType<typeof setTimeout> | undefined;
  private readonly listeners = new Set<() => void>();
  private readonly draw = oncePerFrame(() => this.flush());

  constructor(
    private readonly sessionId: string,
    private readonly readLog: (sessionId: string) => Promise<TrainingEvent[]>,
    private readonly forget: () => void,
  ) {}

  readonly subscribe = (listener: () => void): (() => void) => {
    clearTimeout(this.leaveTimer);
    if (this.listeners.size === 0) this.open();
    this.listeners.add(listener);
    return () => {
      this.listeners.delete(listener);
      if (this.listeners.size === 0) this.leaveTimer = setTimeout(this.close, LEAVE_AFTER_MS);
    };
  };

  readonly snapshot = (): StreamState => this.state;

  private open(): void {
    const socket = connection();
    this.detach();
    socket.on("connect", this.join);
    socket.on("disconnect", this.onDisconnect);
    socket.on("joined_training", this.onJoined);
    socket.on("training_update", this.onUpdate);
    socket.on("training_progress", this.onProgress);
    void this.begin();
  }

  /** What has happened so far, while the connection is made; what follows comes through the room. */
  private async begin(): Promise<void> {
    if (this.sequence.last === 0 && !this.reading) {
      this.reading = true;
      try {
        this.arrived.push(...(await this.readLog(this.sessionId)));
        this.flush();
      } catch (error) {
        // Joining replays the log as well.
        if (!(error instanceof ApiError)) throw error;
      } finally {
        this.reading = false;
      }
    }
    if (this.listeners.size > 0 && connection().connected) this.join();
  }

  private readonly close = (): void => {
    if (this.listeners.size > 0) return;
    const socket = connection();
    this.detach();
    this.patience.stop();
    if (socket.connected) socket.emit("leave_training", { session_id: this.sessionId }, () => undefined);
    this.forget();
  };

  private detach(): void {
    const socket = connection();
    socket.off("connect", this.join);
    socket.off("disconnect", this.onDisconnect);
    socket.off("joined_training", this.onJoined);
    socket.off("training_update", this.onUpdate);
    socket.off("training_progress", this.onProgress);
  }

  /** Ask for everything behind what is here; the acknowledgement comes after the replay. */
  private readonly join = (): void => {
    if (this.reading) return;
    const before = this.sequence.last;
    const payload = { session_id: this.sessionId, after: before };
    this.replaying = true;
    connection().emit("join_training", payload, (given: Acknowledged<JoinedTraining>) => {
      this.replaying = false;
      this.flush();
      if (!given.ok) {
        this.change({ refused: given.error });
        return;
      }
      const recovered = { events: this.sequence.last - before, at: Date.now() };
      this.change({ caughtUp: true, refused: null, ...(this.lost ? { recovered } : {}) });
      this.lost = false;
    });
  };

  /** No acknowledgement comes any more; what came of the replay is good as it is. */
  private readonly onDisconnect = (): void => {
    this.replaying = false;
    this.lost = true;
    this.draw();
  };

  private readonly onJoined = (joined: Messages["joined_training"]): void => {
    if (joined.session_id !== this.sessionId) return;
    const session = joined.session as unknown as Session;
    this.change({ session, ...(this.sequence.last === 0 ? { view: viewOf(session) } : {}) });
  };

  private readonly onUpdate = (event: Messages["training_update"]): void => {
    if (event.session_id !== this.sessionId) return;
    this.arrived.push(event as TrainingEvent);
    // A whole replay is one drawing: what is drawn in between delays what is still to come.
    if (!this.replaying) this.draw();
  };

  private readonly onProgress = (progress: TrainingProgress): void => {
    if (progress.session_id !== this.sessionId) return;
    this.progress = progress;
    this.draw();
  };

  private flush(): void {
    const { sequence, ready } = accept(this.sequence, this.arrived);
    this.arrived = [];
    this.sequence = sequence;
    // The snapshot on joining showed where the run is; the events then tell how it came there.
    let view = fold(ready[0]?.seq === 1 ? EMPTY_VIEW : this.state.view, ready);
    if (this.progress) view = advance(view, this.progress);
    this.progress = null;
    this.patience.watch(hasHole(this.sequence));
    if (view !== this.state.view) this.change({ view, lastSeq: sequence.last });
  }

  private change(changed: Partial<StreamState>): void {
    this.state = { ...this.state, ...changed };
    this.listeners.forEach((each) => each());
  }
}
