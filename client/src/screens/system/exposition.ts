/** One number of /metrics with the labels that tell it from its siblings. */
export interface Sample {
  name: string;
  labels: Readonly<Record<string, string>>;
  value: number;
}

const LINE = /^([A-Za-z_:][\w:]*)(?:\{(.*)\})? (\S+)/;
const LABEL = /([A-Za-z_]\w*)="((?:[^"\\]|\\.)*)"/g;

/** The samples of Prometheus' text format whose names begin with one of `prefixes`; comments are left out. */
export function samplesOf(text: string, prefixes: readonly string[]): Sample[] {
  return text
    .split("\n")
    .filter((line) => prefixes.some((prefix) => line.startsWith(prefix)))
    .flatMap((line) => {
      const [, name, labels = "", value] = LINE.exec(line) ?? [];
      return name && value !== undefined ? [{ name, labels: labelsOf(labels), value: Number(value) }] : [];
    });
}

function labelsOf(text: string): Record<string, string> {
  return Object.fromEntries([...text.matchAll(LABEL)].map(([, name = "", value = ""]) => [name, value]));
}

/** All samples of a name put together; null when there is none. */
export function total(samples: readonly Sample[], name: string): number | null {
  const found = samples.filter((sample) => sample.name === name);
  return found.length === 0 ? null : found.reduce((sum, { value }) => sum + value, 0);
}

/** Values of a name by one of its labels, the largest first. */
export function byLabel(samples: readonly Sample[], name: string, label: string): [string, number][] {
  const sums = new Map<string, number>();
  for (const sample of samples) {
    if (sample.name !== name) continue;
    const key = sample.labels[label] ?? "";
    sums.set(key, (sums.get(key) ?? 0) + sample.value);
  }
  return [...sums].sort(([, a], [, b]) => b - a);
}

export interface Reading {
  /** Milliseconds since 1970. */
  at: number;
  count: number;
}

/** How much a counter grew a second between two readings; null when it was reset or time stood still. */
export function rate(before: Reading | null, after: Reading | null): number | null {
  if (!before || !after || after.at <= before.at || after.count < before.count) return null;
  return (1000 * (after.count - before.count)) / (after.at - before.at);
}
