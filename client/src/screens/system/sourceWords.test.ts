import { expect, test } from "vitest";

import { clockWords, sourceWords } from "./sourceWords";

const well = {
  state: "closed" as const,
  failures: 0,
  retry_after: 0,
  reason: null,
  failed_at: null,
  succeeded_at: 1000,
};

test("a source that was never asked does not count as one that answers", () => {
  expect(sourceWords(well).word).toBe("answers");
  expect(sourceWords({ ...well, succeeded_at: null }).word).toBe("not asked yet");
});

test("an open breaker says how long the source is left alone, and why", () => {
  const open = sourceWords({ ...well, state: "open", failures: 5, retry_after: 125 });
  expect(open.word).toBe("left alone");
  expect(open.means).toBe("5 calls failed in a row: it is asked again in 2 min 5 s.");
});

test("failures that have not opened the breaker yet are told", () => {
  expect(sourceWords({ ...well, failures: 1 }).means).toBe("1 call failed in a row.");
});

test("a clock that differs is told with its direction", () => {
  expect(clockWords(0.4)).toBeNull();
  expect(clockWords(null)).toBeNull();
  expect(clockWords(65)).toBe("Its clock is 1 min 5 s ahead of the one here.");
  expect(clockWords(-65)).toBe("Its clock is 1 min 5 s behind the one here.");
});
