import type { Comparison } from "@/api/modelsApi";
import { count, percent, price, pValue } from "@/format/numbers";
import { utcDay } from "@/format/times";

// Reasons name moments as programs write them.
const MOMENT = /\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(?:\.\d+)?Z/g;
// The usual bar for calling a difference more than luck.
const SIGNIFICANT = 0.05;

/** Whether a difference is more than luck, in words. */
export function luckOf(p: number | null): string {
  if (p === null) return "Whether the difference is luck cannot be said.";
  const shown = `(p ${p < 0.001 ? "" : "= "}${pValue(p)})`;
  return p < SIGNIFICANT
    ? `The difference is more than luck would explain ${shown}.`
    : `The difference is not distinguishable from luck ${shown}.`;
}

/** What came out when a model was held against the one that was active, on rows that neither had seen. */
export function comparisonSentence(found: Comparison, currency: string, rival: string): string {
  const { rows, horizon, rmse, active_rmse: active, naive_rmse: naive, p_value: p } = found;
  const on = `On the same ${count(rows)} test rows, up to ${horizon} ${horizon === 1 ? "candle" : "candles"} ahead`;
  if (rmse === null || active === null || active === 0) return `${on}, the errors could not be compared.`;
  const difference = (active - rmse) / active;
  const how =
    difference === 0
      ? `as large as that of ${rival}`
      : `${percent(Math.abs(difference), 2)} ${difference > 0 ? "smaller" : "larger"} than that of ${rival}`;
  return (
    `${on}, its error was ${how} (RMSE ${price(rmse, currency)} against ${price(active, currency)}; ` +
    `naive ${price(naive, currency)}). ${luckOf(p)}`
  );
}

/** A reason as the server stores it, as a sentence. */
export function sentenceOf(reason: string): string {
  const text = capital(reason.trim()).replaceAll(MOMENT, (moment) => utcDay(moment));
  return /[.!?]$/.test(text) ? text : `${text}.`;
}

function capital(text: string): string {
  return text.charAt(0).toUpperCase() + text.slice(1);
}
