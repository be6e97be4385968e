import { expect, test } from "vitest";

import type { MarketJob } from "@/api/marketApi";

import { doneBy, leftBehind, trouble } from "./jobWords";

test("what came, what was new and what stays missing is said with the name of the exchange", () => {
  const counts = { source: "kraken", pages: 3, fetched: 2000, stored: 1500, filled: 0, missing: 4, gaps: 1 };
  expect(doneBy({ status: "COMPLETED", counts })).toBe(
    "2,000 candles from kraken, 1,500 of them new or different; 4 stay missing in 1 gap: the source has none.",
  );
});

test("a backfill that found nothing to do says so, and one that has not begun does not", () => {
  expect(doneBy({ status: "COMPLETED", counts: { source: "" } })).toMatch(/^Nothing was missing/);
  expect(doneBy({ status: "PENDING", counts: {} })).toMatch(/waits for a free worker/);
});

test("an exchange that failed on the way is named with what it said", () => {
  const left = [{ source: "coinbase", fetched: 300, error_code: "rate_limited", message: "too many calls" }];
  expect(leftBehind({ counts: { left } })).toEqual(["coinbase failed after 300 candles: too many calls"]);
  expect(leftBehind({ counts: {} })).toEqual([]);
});

test("a failure keeps the server's sentence, and one that may pass says that it is tried again", () => {
  const error = { error_code: "source_unreachable", message: "kraken does not answer", details: {} };
  const job = { cancel_requested: false, error } as unknown as MarketJob;
  expect(trouble({ ...job, status: "FAILED" })).toBe("kraken does not answer");
  expect(trouble({ ...job, status: "PENDING" })).toBe("It will be tried again: kraken does not answer");
  expect(trouble({ ...job, status: "COMPLETED", error: null })).toBeNull();
});
