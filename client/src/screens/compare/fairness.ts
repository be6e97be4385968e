import type { Contender } from "./contenders";

type Compared = Pick<Contender, "letter" | "ticker" | "interval" | "metrics">;

/** Names the rows that a contender was scored on: only within the same ones is one score better than another. */
export function rowsKey({ ticker, interval, metrics }: Omit<Compared, "letter">): string {
  if (!metrics) return "";
  const { rows, period, steps } = metrics;
  return [ticker, interval, steps.length, rows, period.start, period.end].join(" ");
}

/** Those that were scored on the same rows, together; in the order of their letters. */
export function groupsOf<T extends Compared>(contenders: readonly T[]): T[][] {
  const groups = new Map<string, T[]>();
  for (const each of contenders.filter(({ metrics }) => metrics)) {
    const key = rowsKey(each);
    groups.set(key, [...(groups.get(key) ?? []), each]);
  }
  return [...groups.values()];
}

/** What keeps their scores from being held against each other, in sentences. */
export function warningsOf(contenders: readonly Compared[]): string[] {
  const scored = contenders.filter(({ metrics }) => metrics);
  const differ = (of: (each: Compared) => string) => new Set(scored.map(of)).size > 1;
  const told = (of: (each: Compared) => string) =>
    scored.map((each) => `${each.letter}: ${of(each)}`).join(", ");
  const horizonOf = ({ metrics }: Compared) => String(metrics?.steps.length ?? 0);
  const warnings: string[] = [];
  if (differ(({ ticker }) => ticker))
    warnings.push(
      `They forecast different markets (${told(({ ticker }) => ticker)}): errors in money say nothing about ` +
        "which is better. Compare the skill of each.",
    );
  if (differ(({ interval }) => interval))
    warnings.push(
      `Their candles have different lengths (${told(({ interval }) => interval)}): one candle ahead is not ` +
        "the same time ahead.",
    );
  if (differ(horizonOf))
    warnings.push(
      `They forecast differently far ahead (${told(horizonOf)} candles): the further ahead, the larger the ` +
        "error. Compare them by candles ahead.",
    );
  if (warnings.length === 0 && differ(rowsKey))
    warnings.push(
      "They were scored on different candles, because their dates or lookbacks differ: compare each with the " +
        "naive forecast of its own rows.",
    );
  return warnings;
}
