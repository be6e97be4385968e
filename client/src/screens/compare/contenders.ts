import { ApiError } from "@/api/failure";
import { api } from "@/api/fetchClient";
import { type ModelDetails, modelsApi } from "@/api/modelsApi";
import type { Baseline, Report } from "@/api/report";
import type { Session } from "@/api/types";

/** One session or model that is compared. */
export interface Found {
  id: string;
  ticker: string;
  interval: string;
  model_type: string;
  /** What was chosen for it, by name. */
  parameters: Record<string, string | number | null>;
  metrics: Report | null;
  baseline: Baseline | null;
  /** Under which its test part can be asked for. */
  modelId: string | null;
  /** Whether its epochs can be asked for. */
  hasLog: boolean;
  ended: boolean;
  href: string;
}

export interface Contender extends Found {
  /** By which it is known in every chart and table of the comparison. */
  letter: string;
  colour: string;
}

const LETTERS = "ABCDEF";

/** A session by its id; a model where no session has it, as with an imported one. */
export async function find(id: string): Promise<Found> {
  try {
    return ofSession(await api.session(id));
  } catch (error) {
    if (!(error instanceof ApiError) || error.status !== 404) throw error;
    return ofModel(await modelsApi.one(id));
  }
}

/** Each with its letter and its colour, by its place. */
export function lettered(found: readonly Found[]): Contender[] {
  return found.map((each, index) => ({
    ...each,
    letter: LETTERS[index] ?? "?",
    colour: `compared-${index + 1}`,
  }));
}

function ofSession(session: Session): Found {
  const { session_id: id, ticker, interval, model_type, params, metrics, baseline, model_id } = session;
  return {
    id,
    ticker,
    interval,
    model_type,
    parameters: { ...params },
    metrics,
    baseline,
    modelId: model_id,
    hasLog: true,
    ended: session.finished_at !== null,
    href: `/train/${id}`,
  };
}

function ofModel(model: ModelDetails): Found {
  const { model_id: id, ticker, interval, model_type, metrics, baseline, spec, data } = model;
  return {
    id,
    ticker,
    interval,
    model_type,
    parameters: { ...spec, start_date: data.start, end_date: data.end },
    metrics,
    baseline,
    modelId: id,
    hasLog: false,
    ended: true,
    href: `/models/${id}`,
  };
}
