import { count } from "@/format/numbers";

/** What a schedule's run did, in a few words: its numbers by name, and how many series it looked at. */
export function resultOf(result: Readonly<Record<string, unknown>> | null): string {
  const words = Object.entries(result ?? {}).flatMap(([name, value]) => {
    if (typeof value === "number") return [`${name.replaceAll("_", " ")} ${count(value)}`];
    if (name !== "series" || typeof value !== "object" || value === null) return [];
    const all = Object.values(value) as { error?: unknown }[];
    const failed = all.filter(({ error }) => error != null).length;
    return [`series ${count(all.length)}`, ...(failed > 0 ? [`of these failed ${count(failed)}`] : [])];
  });
  return words.length === 0 ? "" : ` (${words.join(", ")})`;
}
