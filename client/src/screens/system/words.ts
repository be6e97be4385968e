import type { Check, Health } from "@/api/systemApi";

interface Part {
  name: string;
  /** What it does, for whoever wonders whether it matters. */
  does: string;
  /** What does not work without it. */
  without: string;
}

const PARTS: Readonly<Record<string, Part>> = {
  database: {
    name: "Database",
    does: "Keeps candles, sessions, models and forecasts.",
    without: "Nothing can be shown or stored until PostgreSQL is back.",
  },
  cache: {
    name: "Cache",
    does: "Keeps computed answers and counts requests against the limits.",
    without: "Redis is away: live updates, new trainings and scheduled forecasts wait for it.",
  },
  broker: {
    name: "Task queue",
    does: "Hands trainings and forecasts to the workers.",
    without: "No new training can be started until Redis takes tasks again.",
  },
  worker: {
    name: "Workers",
    does: "Train models and make scheduled forecasts.",
    without: "What is stored is still shown, and trainings are queued: they begin when a worker is back.",
  },
  artifacts: {
    name: "Model files",
    does: "Hold what was trained.",
    without: "Models that are not in memory cannot be loaded, and a training cannot keep its result.",
  },
};

/** What a part of the product is for; one that is new here has its own name alone. */
export function partOf(key: string): Part {
  return PARTS[key] ?? { name: key.replaceAll("_", " "), does: "", without: "Something depends on it." };
}

/** Parts by how much depends on them; one that is new here comes last. */
export function inOrder<Value>(parts: readonly (readonly [key: string, value: Value])[]) {
  const place = (key: string) => Object.keys(PARTS).indexOf(key) >>> 0;
  return parts.toSorted(([one], [other]) => place(one) - place(other));
}

/** The whole in a sentence. */
export function summaryOf({ status, checks }: Pick<Health, "status" | "checks">): string {
  const down = Object.entries(checks)
    .filter(([, check]) => check.status === "down")
    .map(([key]) => partOf(key).name.toLowerCase());
  if (status === "ok") return "Everything works.";
  const which = down.join(" and ");
  return status === "down"
    ? `The product cannot do its work: no ${which}.`
    : `It works in part: no ${which}.`;
}

/** Queues, and the workers that take from each. */
export function workersOf(check: Check | undefined): [queue: string, workers: string[]][] {
  const found = check?.details.workers as Record<string, string[]> | undefined;
  return Object.entries(found ?? {});
}

const QUEUES: Readonly<Record<string, string>> = {
  training: "trainings",
  prediction: "scheduled forecasts and their scores",
  market: "candles from exchanges",
  default: "everything else: retraining, cleaning up",
};

export const queueName = (queue: string): string => QUEUES[queue] ?? queue;
