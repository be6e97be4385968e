import { describe, expect, it } from "vitest";

import type { Series } from "@/api/types";

import { onStored } from "./firstSeries";
import { FIRST_DRAFT } from "./parameters";

function series(
  ticker: string,
  interval: Series["interval"],
  rows: number,
  last = "2019-09-30T23:00:00Z",
): Series {
  return { ticker, interval, rows, first: "2017-10-01T00:00:00Z", last, sources: [] };
}

const chosen = (stored: Series[], named: Partial<typeof FIRST_DRAFT> = {}) => {
  const { ticker, interval } = onStored({ ...FIRST_DRAFT, ...named }, stored);
  return `${ticker} ${interval}`.trim();
};

describe("onStored", () => {
  const sample = series("BTC-USD", "1h", 17_513);

  it("keeps what is named and stored", () => {
    const stored = [sample, series("ETH-USD", "1d", 900)];
    expect(chosen(stored, { ticker: "ETH-USD", interval: "1d" })).toBe("ETH-USD 1d");
  });

  it("takes another length of the ticker that is named, or another ticker where it has none", () => {
    const stored = [sample, series("ETH-USD", "1d", 900)];
    expect(chosen(stored, { ticker: "ETH-USD", interval: "5m" })).toBe("ETH-USD 1d");
    expect(chosen(stored, { ticker: "GONE-USD" })).toBe("BTC-USD 1h");
  });

  it("prefers hours to a longer series of minutes", () => {
    expect(chosen([series("BTC-USDT", "1m", 900_000), sample])).toBe("BTC-USD 1h");
  });

  it("prefers a market that is followed to an old one, once it is long enough", () => {
    const today = "2026-11-21T18:00:00Z";
    expect(chosen([sample, series("SOL-USD", "1h", 2000, today)])).toBe("SOL-USD 1h");
    expect(chosen([sample, series("SOL-USD", "1h", 300, today)])).toBe("BTC-USD 1h");
  });

  it("takes the most candles among equals, and nothing from nothing", () => {
    expect(chosen([series("ETH-USD", "1h", 17_511), sample])).toBe("BTC-USD 1h");
    expect(chosen([])).toBe("");
  });
});
