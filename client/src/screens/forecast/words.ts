import type { ForecastEvent, Warning } from "@/api/predictionsApi";
import { count, NOTHING, price, quoteOf } from "@/format/numbers";
import { utcTime } from "@/format/times";

import { errorText } from "./outcome";

export interface Worded {
  title: string;
  text: string;
  tone: "info" | "warn";
}

const counted = (value: unknown) => count(typeof value === "number" ? value : null);
const moment = (value: unknown) => (typeof value === "string" ? utcTime(value) : NOTHING);

/** What a warning means for whoever reads the forecast. A code that is new here keeps the server's words. */
export function worded(warning: Warning, interval: string): Worded {
  switch (warning.code) {
    case "stale_candles":
      return {
        title: "This forecast does not begin now.",
        text: `The last candle known opened at ${moment(warning.origin)}; ${counted(warning.missing_candles)} candles of ${interval} are missing since.`,
        tone: "warn",
      };
    case "gap_in_window":
      return {
        title: "Candles are missing in what the model looked at.",
        text: `${counted(warning.missing_candles)} of them; it never saw such a gap while it learned.`,
        tone: "warn",
      };
    case "stale_model":
      return {
        title: "The model has not learned anything newer for a while.",
        text: `Its data end ${counted(warning.days)} days before the last candle seen. Train it again.`,
        tone: "warn",
      };
    case "inside_training_range":
      return {
        title: "The model had seen what it forecasts here.",
        text:
          warning.part === "test"
            ? "This stretch is part of the test on which it was scored: it says nothing new about the model."
            : "It was fitted on this stretch, so it looks better than it is.",
        tone: "warn",
      };
    case "model_drifting":
      return {
        title: "The model no longer does what it did on its test.",
        text: "Its live figures are out of their band: see them below before relying on this forecast.",
        tone: "warn",
      };
    case "not_active":
      return {
        title: "This model is not in service.",
        text: `It is ${String(warning.status)}; another one of its kind is active, or none.`,
        tone: "info",
      };
    default:
      return { title: warning.message, text: "", tone: "warn" };
  }
}

/** One line of what has happened, as a person would say it. */
export function told(event: ForecastEvent): string {
  const currency = quoteOf(event.ticker);
  switch (event.type) {
    case "predicted": {
      const { model, origin, predictions } = event.data;
      const last = predictions.at(-1);
      return (
        `New forecast by ${model.model_type} version ${model.version} from ${utcTime(origin.timestamp)}: ` +
        `${price(last?.predicted_price, currency)} in ${predictions.length} candles`
      );
    }
    case "scored":
      return event.data.steps.map((step) => scoreOf(step, event.data.origin, currency)).join("; ");
    case "model_unavailable":
      return `${event.data.model_type} version ${event.data.version} cannot be served: ${event.data.message}`;
    case "drifted":
      return event.data.recovered
        ? `${event.data.model_type} version ${event.data.version} is back within its band`
        : `${event.data.model_type} version ${event.data.version} drifts: ${event.data.reason}`;
  }
}

type ScoredStep = (ForecastEvent & { type: "scored" })["data"]["steps"][number];

function scoreOf(step: ScoredStep, origin: string, currency: string): string {
  const better =
    Math.abs(step.error) < Math.abs(step.naive_error) ? "closer than naive" : "not closer than naive";
  const where = step.inside_80
    ? "inside the 80 % band"
    : step.inside_95
      ? "inside the 95 % band"
      : "outside both bands";
  const corrected = step.corrected ? " (a candle was corrected)" : "";
  return (
    `Scored${corrected}: step ${step.step} from ${utcTime(origin)} missed by ` +
    `${errorText(Math.abs(step.error), step.actual)} ${currency}, ${better}, ${where}`
  );
}
