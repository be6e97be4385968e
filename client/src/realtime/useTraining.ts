import { useSyncExternalStore } from "react";

import { api } from "@/api/fetchClient";

import { type StreamState, TrainingStream } from "./trainingStream";

const streams = new Map<string, TrainingStream>();

function streamOf(sessionId: string): TrainingStream {
  const found =
    streams.get(sessionId) ??
    new TrainingStream(
      sessionId,
      (id) => api.events(id),
      () => streams.delete(sessionId),
    );
  streams.set(sessionId, found);
  return found;
}

/** A session as it happens. All components that show the same one share its stream. */
export function useTraining(sessionId: string): StreamState {
  const stream = streamOf(sessionId);
  return useSyncExternalStore(stream.subscribe, stream.snapshot);
}
