import { io, type Socket } from "socket.io-client";
import { useSyncExternalStore } from "react";

import type { Messages } from "@/api/messages";

type Sent =
  | "training_update"
  | "training_progress"
  | "joined_training"
  | "left_training"
  | "prediction_update"
  | "joined_prediction"
  | "left_prediction"
  | "market_update"
  | "market_job"
  | "joined_market"
  | "left_market"
  | "error_update";
type Asked = Exclude<keyof Messages, Sent | `training_update.${string}` | `prediction_update.${string}`>;

export interface Refusal {
  error_code: string;
  message: string;
  request_id: string | null;
}

export type Acknowledged<Extra> = ({ ok: true } & Extra) | { ok: false; error: Refusal };

type FromServer = { [Event in keyof Messages]: (payload: Messages[Event]) => void };
type ToServer = { [Event in Asked]: (payload: Messages[Event], answer: (given: never) => void) => void };

// WebSocket first; polling only where something between forbids it.
const socket: Socket<FromServer, ToServer> = io({
  transports: ["websocket", "polling"],
  tryAllTransports: true,
  reconnectionDelay: 300,
  reconnectionDelayMax: 3000,
  autoConnect: false,
});

/** The one connection of this page, made when something first needs it. */
export function connection(): typeof socket {
  if (!socket.active) socket.connect();
  return socket;
}

export type Link = "idle" | "connecting" | "connected" | "lost";

let everConnected = false;
socket.on("connect", () => {
  everConnected = true;
});

function link(): Link {
  if (socket.connected) return "connected";
  if (!socket.active) return "idle";
  return everConnected ? "lost" : "connecting";
}

function subscribe(listener: () => void): () => void {
  socket.on("connect", listener);
  socket.on("disconnect", listener);
  socket.on("connect_error", listener);
  return () => {
    socket.off("connect", listener);
    socket.off("disconnect", listener);
    socket.off("connect_error", listener);
  };
}

/** How the connection is. */
export function useLink(): Link {
  return useSyncExternalStore(subscribe, link);
}
