import { describe, expect, it } from "vitest";

import { axisPrice, count, NOTHING, percent, price, pValue, significant, signedPercent } from "./numbers";
import { duration, utcTime } from "./times";

describe("numbers", () => {
  it("show what is not known as a dash, never as zero", () => {
    for (const format of [count, price, percent, signedPercent, significant, pValue]) {
      expect(format(null)).toBe(NOTHING);
      expect(format(Number.NaN)).toBe(NOTHING);
    }
    expect(duration(null)).toBe(NOTHING);
  });

  it("have separators and units", () => {
    expect(count(23456)).toBe("23,456");
    expect(price(10376.123, "USD")).toBe("10,376.12 USD");
    expect(price(0.00341234)).toBe("0.003412");
    expect(price(-0.00000072421, "USDT")).toBe("−0.0000007242 USDT");
    expect(percent(0.8091)).toBe("80.9 %");
  });

  it("show the sign of a skill in both directions, and none of what rounds to zero", () => {
    expect(signedPercent(0.0131)).toBe("+1.31 %");
    expect(signedPercent(-0.0296)).toBe("−2.96 %");
    expect(signedPercent(-0.00001)).toBe("0.00 %");
  });

  it("stand at an axis without what says nothing", () => {
    expect([-1000, 0, 12.5, 8000].map(axisPrice)).toEqual(["−1,000", "0", "12.50", "8,000"]);
  });

  it("write p-values as people do", () => {
    expect(pValue(0.2134)).toBe("0.21");
    expect(pValue(0.0123)).toBe("0.012");
    expect(pValue(0.00001)).toBe("< 0.001");
  });
});

describe("times", () => {
  it("keep two units of a duration", () => {
    expect(duration(4.26)).toBe("4.3 s");
    expect(duration(42.4)).toBe("42 s");
    expect(duration(185)).toBe("3 min 5 s");
    expect(duration(3600)).toBe("1 h");
    expect(duration(186_000)).toBe("2 d 3 h");
  });

  it("say UTC where they are UTC", () => {
    expect(utcTime("2019-08-14T09:00:00.000Z")).toBe("2019-08-14 09:00:00 UTC");
  });
});
