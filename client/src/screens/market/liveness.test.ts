import { expect, test } from "vitest";

import { type Liveness, livenessOf, spokenOf } from "./liveness";

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

const prices = (...states: Liveness[]) =>
  states.map((state, number) => ({ name: `C${number}-USD 1h`, state }));

test("a whole list is spoken of in one sentence, which names only what stands still", () => {
  expect(spokenOf(prices("live", "live", "waiting"))).toBe("2 of 3 followed prices are live.");
  expect(spokenOf(prices("live", "stale"))).toBe(
    "1 of 2 followed prices is live. Nothing comes of C1-USD 1h.",
  );
  expect(spokenOf(prices("stale", "stale", "stale", "stale", "stale"))).toMatch(
    /of C0-USD 1h, C1-USD 1h, C2-USD 1h and 2 more\.$/,
  );
  expect(spokenOf(prices("reconnecting", "reconnecting"))).toBe(
    "The connection is lost: prices stand still.",
  );
});

test("nothing is said before a price has come, nor where none is followed", () => {
  expect(spokenOf(prices("waiting", "waiting"))).toBe("");
  expect(spokenOf([])).toBe("");
});
