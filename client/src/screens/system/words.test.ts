import { expect, test } from "vitest";

import { inOrder, summaryOf } from "./words";

test("parts come by what depends on them, one that is new here last", () => {
  const parts = ["artifacts", "brand_new", "broker", "worker", "database"].map((key) => [key, 0] as const);
  expect(inOrder(parts).map(([key]) => key)).toEqual([
    "database",
    "broker",
    "worker",
    "artifacts",
    "brand_new",
  ]);
});

test("what is down is named", () => {
  const check = (status: "ok" | "down") => ({
    status,
    critical: false,
    latency_ms: 1,
    error: null,
    details: {},
  });
  const checks = { database: check("ok"), worker: check("down") };
  expect(summaryOf({ status: "degraded", checks })).toBe("It works in part: no workers.");
});
