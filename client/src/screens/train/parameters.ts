import { START_TRAINING } from "@/api/limits";
import type { ModelType, Session, StartTraining } from "@/api/types";

/** The form as it is typed: numbers may be half written, a date may be empty. */
export interface Draft {
  ticker: string;
  interval: string;
  model_type: ModelType;
  /** Calendar days in UTC, as YYYY-MM-DD, or a whole moment; empty: from the first, to the last candle. */
  start_date: string;
  end_date: string;
  lookback: string;
  horizon: string;
  epochs: string;
  batch_size: string;
  learning_rate: string;
  patience: string;
  seed: string;
}

export type FieldName = keyof Draft;
export type NumberField = Exclude<
  FieldName,
  "ticker" | "interval" | "model_type" | "start_date" | "end_date"
>;
export type Errors = Partial<Record<FieldName, string>>;

export const NUMBER_FIELDS: readonly NumberField[] = [
  "lookback",
  "horizon",
  "epochs",
  "batch_size",
  "learning_rate",
  "patience",
  "seed",
];
const MAY_BE_EMPTY: readonly NumberField[] = ["patience", "seed"];

type PresetValues = Record<Exclude<NumberField, "seed">, string>;

export interface Preset {
  key: string;
  name: string;
  explained: string;
  values: PresetValues;
}

export const PRESETS: readonly Preset[] = [
  {
    key: "quick",
    name: "Quick look",
    explained: "6 candles ahead, a minute or so: what does it look like?",
    values: {
      lookback: "30",
      horizon: "6",
      epochs: "8",
      batch_size: "64",
      learning_rate: "0.001",
      patience: "3",
    },
  },
  {
    key: "balanced",
    name: "Balanced",
    explained: "24 candles ahead; ends when it no longer improves.",
    values: {
      lookback: "48",
      horizon: "24",
      epochs: "20",
      batch_size: "32",
      learning_rate: "0.001",
      patience: "5",
    },
  },
  {
    key: "thorough",
    name: "Thorough",
    explained: "24 candles ahead in small, patient steps; may take an hour.",
    values: {
      lookback: "96",
      horizon: "24",
      epochs: "100",
      batch_size: "32",
      learning_rate: "0.0003",
      patience: "12",
    },
  },
];

const BALANCED = PRESETS[1]!;

export const FIRST_DRAFT: Draft = {
  ticker: "",
  interval: "",
  model_type: "LSTM",
  start_date: "",
  end_date: "",
  seed: "",
  ...BALANCED.values,
};

/** The preset whose values the draft has; null once one was changed. */
export function presetOf(draft: Draft): string | null {
  const same = ({ values }: Preset) =>
    Object.entries(values).every(([name, value]) => draft[name as NumberField] === value);
  return PRESETS.find(same)?.key ?? null;
}

/** What the server would refuse, by field and in words that say what to write. */
export function check(draft: Draft): Errors {
  const errors: Errors = {};
  if (!draft.ticker) errors.ticker = "Choose what to forecast";
  for (const name of NUMBER_FIELDS) {
    const wrong = checkNumber(name, draft[name].trim());
    if (wrong) errors[name] = wrong;
  }
  if (draft.start_date && draft.end_date && Date.parse(draft.end_date) <= Date.parse(draft.start_date)) {
    errors.end_date = "The last day must lie after the first";
  }
  return errors;
}

function checkNumber(name: NumberField, text: string): string | null {
  const { minimum, maximum } = START_TRAINING[name];
  const kind = name === "learning_rate" ? "a number" : "a whole number";
  const wanted = `Write ${kind} from ${minimum.toLocaleString("en-US")} to ${maximum.toLocaleString("en-US")}`;
  if (text === "") return MAY_BE_EMPTY.includes(name) ? null : wanted;
  const value = Number(text);
  const fits = Number.isFinite(value) && value >= minimum && value <= maximum;
  return fits && (name === "learning_rate" || Number.isInteger(value)) ? null : wanted;
}

/** The body of the call, from a draft without errors. */
export function bodyOf(draft: Draft): StartTraining {
  const number = (name: NumberField) => Number(draft[name]);
  const numberOrNull = (name: NumberField) => (draft[name].trim() === "" ? null : number(name));
  return {
    ticker: draft.ticker,
    interval: draft.interval as NonNullable<StartTraining["interval"]>,
    model_type: draft.model_type,
    lookback: number("lookback"),
    horizon: number("horizon"),
    epochs: number("epochs"),
    batch_size: number("batch_size"),
    learning_rate: number("learning_rate"),
    patience: numberOrNull("patience"),
    seed: numberOrNull("seed"),
    ...(draft.start_date ? { start_date: draft.start_date } : {}),
    ...(draft.end_date ? { end_date: wholeDay(draft.end_date) } : {}),
  };
}

/** A day as the end of a range means all of its candles; the server reads a bare date as its midnight. */
function wholeDay(day: string): string {
  return day.length === 10 ? `${day}T23:59:59Z` : day;
}

/** A session's parameters as a draft, to change or to start again. */
export function draftOf(session: Session): Draft {
  const { params } = session;
  return {
    ticker: session.ticker,
    interval: session.interval,
    model_type: session.model_type as ModelType,
    start_date: params.start_date,
    end_date: params.end_date,
    lookback: String(params.lookback),
    horizon: String(params.horizon),
    epochs: String(params.epochs),
    batch_size: String(params.batch_size),
    learning_rate: String(params.learning_rate),
    patience: params.patience === null ? "" : String(params.patience),
    seed: params.seed === null ? "" : String(params.seed),
  };
}
