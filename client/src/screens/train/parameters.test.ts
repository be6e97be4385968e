import { describe, expect, it } from "vitest";

import { START_TRAINING } from "@/api/limits";
import type { Session } from "@/api/types";

import {
  bodyOf,
  check,
  type Draft,
  draftOf,
  FIRST_DRAFT,
  NUMBER_FIELDS,
  PRESETS,
  presetOf,
} from "./parameters";

const DRAFT: Draft = { ...FIRST_DRAFT, ticker: "BTC-USD", interval: "1h" };

describe("check", () => {
  it("finds nothing wrong with any preset", () => {
    for (const { values } of PRESETS) expect(check({ ...DRAFT, ...values })).toEqual({});
  });

  it("refuses what lies outside the server's own limits, and takes the limits themselves", () => {
    for (const name of NUMBER_FIELDS) {
      const { minimum, maximum } = START_TRAINING[name];
      expect(check({ ...DRAFT, [name]: String(minimum) })).toEqual({});
      expect(check({ ...DRAFT, [name]: String(maximum) })).toEqual({});
      expect(Object.keys(check({ ...DRAFT, [name]: String(maximum + 1) }))).toEqual([name]);
      expect(Object.keys(check({ ...DRAFT, [name]: "-1" }))).toEqual([name]);
      expect(Object.keys(check({ ...DRAFT, [name]: "many" }))).toEqual([name]);
    }
  });

  it("wants whole numbers where the server does", () => {
    expect(check({ ...DRAFT, epochs: "2.5" }).epochs).toBe("Write a whole number from 1 to 1,000");
    expect(check({ ...DRAFT, learning_rate: "0.0025" })).toEqual({});
  });

  it("lets only patience and seed be empty", () => {
    expect(check({ ...DRAFT, patience: "", seed: " " })).toEqual({});
    expect(check({ ...DRAFT, lookback: "" }).lookback).toContain("10 to 365");
  });

  it("wants the end behind the start", () => {
    expect(check({ ...DRAFT, start_date: "2019-01-02", end_date: "2019-01-01" }).end_date).toBeTruthy();
    expect(check({ ...DRAFT, start_date: "2019-01-01", end_date: "2019-01-02" })).toEqual({});
  });
});

describe("bodyOf", () => {
  it("leaves out what was left empty, and means whole days", () => {
    const body = bodyOf({ ...DRAFT, end_date: "2019-03-01" });
    expect(body).not.toHaveProperty("start_date");
    expect(body).toMatchObject({
      end_date: "2019-03-01T23:59:59Z",
      patience: 5,
      seed: null,
      learning_rate: 0.001,
    });
  });

  it("asks for the same once more from a session's parameters", () => {
    const session = {
      ticker: "BTC-USD",
      interval: "1h",
      model_type: "CNN",
      params: {
        lookback: 30,
        horizon: 1,
        epochs: 3,
        batch_size: 32,
        learning_rate: 0.001,
        patience: null,
        seed: 7,
        start_date: "2018-01-01T00:00:00.000Z",
        end_date: "2019-01-01T00:00:00.000Z",
      },
    } as Session;
    expect(bodyOf(draftOf(session))).toEqual({
      ticker: "BTC-USD",
      interval: "1h",
      model_type: "CNN",
      ...session.params,
    });
  });
});

describe("presetOf", () => {
  it("knows a preset by its values", () => {
    expect(presetOf(DRAFT)).toBe("balanced");
    expect(presetOf({ ...DRAFT, epochs: "21" })).toBeNull();
  });
});
