import { expect, test } from "vitest";

import { distinctionOf } from "./parameters";

const contender = (parameters: Record<string, string | number | null>, model_type = "CNN") => ({
  model_type,
  ticker: "BTC-USD",
  interval: "1h",
  parameters: {
    lookback: 30,
    horizon: 6,
    epochs: 20,
    learning_rate: 0.001,
    patience: null,
    seed: 1,
    ...parameters,
  },
});

test("what differs tells two of a kind apart", () => {
  const [one, other] = [contender({ seed: 1 }), contender({ seed: 2, epochs: 1000, patience: 5 })];
  expect(distinctionOf(one, [one, other])).toBe("epochs 20, patience –, seed 1");
  expect(distinctionOf(other, [one, other])).toBe("epochs 1,000, patience 5, seed 2");
});

test("those that look different already need nothing said", () => {
  const [one, other, longer] = [
    contender({}),
    contender({ seed: 2 }, "LSTM"),
    contender({ horizon: 24, seed: 3 }),
  ];
  for (const each of [one, other, longer]) expect(distinctionOf(each, [one, other, longer])).toBe("");
});
