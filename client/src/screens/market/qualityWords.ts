import type { Quality } from "@/api/marketApi";
import { count, percent } from "@/format/numbers";

const FLAGS = {
  jump: ["jump", "jumps"],
  wick: ["long wick", "long wicks"],
  deviates: ["close unlike the second exchange’s", "closes unlike the second exchange’s"],
} as const;

/** How many candles look odd, by kind; what nobody has looked for yet is said. */
export function oddOnes({ counts }: Pick<Quality["flags"], "counts">): string {
  const kinds = Object.entries(FLAGS) as [keyof typeof FLAGS, readonly [string, string]][];
  if (kinds.every(([kind]) => counts[kind] === null)) return "Nobody has looked yet: the audit runs daily.";
  const found = kinds.flatMap(([kind, [one, many]]) => {
    const number = counts[kind];
    return number === null || number === 0 ? [] : [`${count(number)} ${number === 1 ? one : many}`];
  });
  return found.length === 0 ? "None." : `${found.join(", ")}.`;
}

/** What the newest closes are beside those of another exchange. */
export function besideSecond(comparison: Quality["comparison"]): string {
  if (comparison === null) return "Never compared: no second exchange is set for it.";
  const { source, candles, median, beyond, tolerance } = comparison;
  return (
    `${count(candles)} closes beside ${source}: they differ by ${percent(median, 3)} in the middle, ` +
    `${count(beyond)} by more than ${percent(tolerance, 1)}.`
  );
}

/** Where the candles come from, the largest share first. */
export function shares(sources: Quality["sources"]): string {
  return sources.map(({ source, share }) => `${source} ${percent(share)}`).join(", ");
}
