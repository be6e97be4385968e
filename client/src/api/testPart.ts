import { request } from "./request";
import type { Schema } from "./types";

/** Forecasts of the test part, a number of candles ahead, as columns: the newest, oldest first. */
export type TestPart = Schema<"ScoredPart">;

export function testPart(modelId: string, step: number, limit: number): Promise<TestPart> {
  return request<TestPart>("GET", `/models/${modelId}/test-part`, { query: { step, limit } });
}
