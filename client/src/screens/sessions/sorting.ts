import type { Sorting } from "@/components/Table";

/** The order as the server takes it: a column, with `-` before it the largest first. */
export function sortOf({ by, descending }: Sorting): string {
  return descending ? `-${by}` : by;
}

export function sortingOf(sort: string): Sorting {
  const descending = sort.startsWith("-");
  return { by: descending ? sort.slice(1) : sort, descending };
}
