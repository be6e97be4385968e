import { count, NOTHING } from "@/format/numbers";
import { utcDay } from "@/format/times";

import type { Contender } from "./contenders";

type Chosen = Pick<Contender, "model_type" | "ticker" | "interval" | "parameters">;

export interface Parameter {
  name: string;
  of: (contender: Chosen) => string;
  /** Said with each contender already. */
  known?: boolean;
}

const valueOf = (name: string) => (contender: Chosen) => contender.parameters[name] ?? null;
const plain = (name: string) => (contender: Chosen) => String(valueOf(name)(contender) ?? NOTHING);
const counted = (name: string) => (contender: Chosen) => {
  const value = valueOf(name)(contender);
  return count(value === null ? null : Number(value));
};
const day = (name: string) => (contender: Chosen) => {
  const moment = valueOf(name)(contender);
  return utcDay(typeof moment === "string" ? moment : null);
};

/** What is chosen for a training, in the order in which it is read. */
export const PARAMETERS: readonly Parameter[] = [
  { name: "Network", of: ({ model_type }) => model_type, known: true },
  { name: "Ticker", of: ({ ticker }) => ticker, known: true },
  { name: "Candle length", of: ({ interval }) => interval, known: true },
  { name: "Lookback, candles", of: counted("lookback"), known: true },
  { name: "Horizon, candles", of: counted("horizon"), known: true },
  { name: "First candle", of: day("start_date") },
  { name: "Last candle", of: day("end_date") },
  { name: "Epochs, at most", of: counted("epochs") },
  { name: "Batch size", of: counted("batch_size") },
  { name: "Learning rate", of: plain("learning_rate") },
  { name: "Patience, epochs", of: counted("patience") },
  { name: "Seed", of: plain("seed") },
];

/** Whether a parameter is not the same for all of them. */
export function differs({ of }: Parameter, contenders: readonly Chosen[]): boolean {
  return new Set(contenders.map(of)).size > 1;
}

/** What tells a contender from those that look like it: what was chosen for it and not for all of them. */
export function distinctionOf(contender: Chosen, contenders: readonly Chosen[]): string {
  const known = PARAMETERS.filter((parameter) => parameter.known);
  const alike = contenders.filter((other) => known.every(({ of }) => of(other) === of(contender)));
  return PARAMETERS.filter((parameter) => differs(parameter, alike))
    .map(({ name, of }) => `${name.split(",")[0]?.toLowerCase()} ${of(contender)}`)
    .join(", ");
}
