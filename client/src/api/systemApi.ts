import { errorOf, unreachable } from "./failure";
import { request } from "./request";
import type { Schema } from "./types";

export type Check = Schema<"Check">;
export type Health = Schema<"DetailedHealth">;
export type SourceState = Schema<"SourceState">;
export type Schedule = Schema<"Schedule">;

export interface Examined {
  health: Health;
  /** Time from the question to the answer here, milliseconds. */
  milliseconds: number;
}

async function asked(path: string): Promise<Response> {
  try {
    return await fetch(path, { signal: AbortSignal.timeout(10_000) });
  } catch {
    throw unreachable();
  }
}

/** How the product is. */
export const systemApi = {
  /** Every check; also when something critical is down, which the server answers with 503. */
  health: async (): Promise<Examined> => {
    const start = performance.now();
    const response = await asked("/api/v1/health/detailed");
    const body = (await response.json().catch(() => null)) as Health | null;
    if (!body?.checks) throw errorOf(response.status, body);
    return { health: body, milliseconds: performance.now() - start };
  },
  /** The text of /metrics, in Prometheus' format. */
  metrics: async (): Promise<string> => {
    const response = await asked("/metrics");
    if (!response.ok) throw errorOf(response.status, null);
    return response.text();
  },
  schedules: async () => (await request<{ schedules: Schedule[] }>("GET", "/tasks/schedules")).schedules,
  runSchedule: (name: string) => request<{ name: string }>("POST", `/tasks/schedules/${name}/run`),
};
