import { QueryObserver } from "@tanstack/react-query";
import { afterEach, beforeEach, expect, test, vi } from "vitest";

import { ApiError, unreachable } from "./failure";
import { newQueries } from "./queries";

// Without a window the library takes itself for a server, which asks once and never again.
vi.hoisted(() => vi.stubGlobal("window", {}));

const MINUTE_MS = 60_000;

beforeEach(() => void vi.useFakeTimers());
afterEach(() => void vi.useRealTimers());

/** How a query that something on the page needs is after a minute, and how often it was asked for. */
async function afterAMinute(answer: (asked: number) => string) {
  let asked = 0;
  const queryFn = () => Promise.resolve().then(() => answer(++asked));
  const query = new QueryObserver(newQueries(), { queryKey: ["it"], queryFn });
  const leave = query.subscribe(() => undefined);
  await vi.advanceTimersByTimeAsync(MINUTE_MS);
  const { data, isError } = query.getCurrentResult();
  leave();
  return { data, isError, asked };
}

test("what an absent server could not tell is asked for until it is back, and no longer", async () => {
  const answer = (asked: number) => {
    if (asked < 6) throw unreachable();
    return "here";
  };
  expect(await afterAMinute(answer)).toEqual({ data: "here", isError: false, asked: 6 });
});

test("what the server refuses is asked for once", async () => {
  const answer = () => {
    throw new ApiError(404, "not_found", "There is none.", {}, null);
  };
  expect(await afterAMinute(answer)).toEqual({ data: undefined, isError: true, asked: 1 });
});
