import { useEffect, useState } from "react";

import { useOutdated } from "@/api/hooks/useOutdated";
import { type Link, useLink } from "@/realtime/socket";

type State = Link | "outdated";

const WORDS: Record<State, string> = {
  idle: "",
  connecting: "Connecting",
  connected: "Live",
  lost: "Reconnecting",
  outdated: "Not up to date",
};
// A blink of the network is nobody's business.
const SAY_AFTER_MS = 400;

/** Whether live updates arrive, and whether what is shown could be refreshed; silent until there is something to say. */
export function ConnectionLine() {
  const link = useLink();
  const outdated = useOutdated();
  const state = useSettled(outdated && link !== "lost" ? "outdated" : link);
  if (state === "idle") return null;
  const good = state === "connected";
  return (
    <span role="status" className="flex items-center gap-1.5 text-xs text-muted">
      <span
        aria-hidden
        className={good ? "size-2 rounded-full bg-good" : "pulse size-2 rounded-full border-2 border-warn"}
      />
      <span className={good ? "max-sm:sr-only" : "font-medium text-warn"}>{WORDS[state]}</span>
    </span>
  );
}

function useSettled(state: State): State {
  const [settled, setSettled] = useState(state);
  useEffect(() => {
    const timer = setTimeout(() => setSettled(state), state === "connected" ? 0 : SAY_AFTER_MS);
    return () => clearTimeout(timer);
  }, [state]);
  return settled;
}
