import { useState } from "react";

/** As many as can be told apart in one chart. */
export const MOST_COMPARED = 6;

/** What is chosen for comparison, in the order of choosing. */
export function useSelection() {
  const [ids, setIds] = useState<readonly string[]>([]);
  return {
    ids,
    full: ids.length >= MOST_COMPARED,
    has: (id: string) => ids.includes(id),
    toggle: (id: string) =>
      setIds((before) =>
        before.includes(id) ? before.filter((each) => each !== id) : [...before, id].slice(0, MOST_COMPARED),
      ),
    clear: () => setIds([]),
  };
}

export type Selection = ReturnType<typeof useSelection>;
