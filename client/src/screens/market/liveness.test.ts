import { expect, test } from "vitest";

import { livenessOf } from "./liveness";

const heard = { link: "connected" as const, followed: true, heardAt: 1000 };

test("a price that came lately is live, one of long ago is stale since then", () => {
  expect(livenessOf(heard, 30_000)).toEqual({ state: "live", words: "Live" });
  expect(livenessOf(heard, 32_000).words).toMatch(/^Stale since /);
});

test("a lost connection is said before anything else", () => {
  expect(livenessOf({ ...heard, link: "lost" }, 1500).state).toBe("reconnecting");
});

test("what never came is waited for, or not followed", () => {
  expect(livenessOf({ ...heard, heardAt: null }, 0).state).toBe("waiting");
  expect(livenessOf({ ...heard, heardAt: null, followed: false }, 0).state).toBe("unfollowed");
});

test("a series that another one follows is live although nobody asked for it here", () => {
  expect(livenessOf({ ...heard, followed: false }, 1500).state).toBe("live");
});
