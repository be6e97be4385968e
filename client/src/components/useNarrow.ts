import { useSyncExternalStore } from "react";

const narrow = matchMedia("(max-width: 1023px)");

/** Whether the window is too narrow for a table of many columns. */
export function useNarrow(): boolean {
  return useSyncExternalStore(subscribe, () => narrow.matches);
}

function subscribe(listener: () => void): () => void {
  narrow.addEventListener("change", listener);
  return () => narrow.removeEventListener("change", listener);
}
