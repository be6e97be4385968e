import { useQueries, type UseQueryResult } from "@tanstack/react-query";

import { api } from "@/api/fetchClient";
import { keys } from "@/api/keys";
import type { Epoch, TrainingEvent } from "@/api/types";
import { EMPTY_VIEW, fold } from "@/realtime/view";

import type { Contender } from "./contenders";

const EVERY_MS = 3000;

interface Epochs {
  /** In the order of the contenders; empty where none are known. */
  epochs: readonly (readonly Epoch[])[];
  pending: boolean;
}

/** The epochs of each session; they grow while it trains. */
export function useEpochs(contenders: readonly Contender[]): Epochs {
  return useQueries({
    queries: contenders.map(({ id, hasLog, ended }) => ({
      // Asked once more when it has ended.
      queryKey: [...keys.events(id), ended],
      queryFn: () => api.events(id),
      select: epochsOf,
      enabled: hasLog,
      refetchInterval: ended ? (false as const) : EVERY_MS,
    })),
    combine,
  });
}

function epochsOf(events: TrainingEvent[]): readonly Epoch[] {
  return fold(EMPTY_VIEW, events).epochs;
}

function combine(answers: UseQueryResult<readonly Epoch[]>[]): Epochs {
  return {
    epochs: answers.map(({ data }) => data ?? []),
    pending: answers.some(({ isLoading }) => isLoading),
  };
}
