import { useEffect, useState } from "react";

import { type Link, useLink } from "@/realtime/socket";

const WORDS: Record<Link, string> = {
  idle: "",
  connecting: "Connecting",
  connected: "Live",
  lost: "Reconnecting",
};
// A blink of the network is nobody's business.
const SAY_AFTER_MS = 400;

/** Whether live updates arrive; silent until something first needs them. */
export function ConnectionLine() {
  const link = useLink();
  const settled = useSettled(link);
  if (settled === "idle") return null;
  const good = settled === "connected";
  return (
    <span role="status" className="flex items-center gap-1.5 text-xs text-muted">
      <span
        aria-hidden
        className={good ? "size-2 rounded-full bg-good" : "pulse size-2 rounded-full border-2 border-warn"}
      />
      <span className={good ? "max-sm:sr-only" : "font-medium text-warn"}>{WORDS[settled]}</span>
    </span>
  );
}

function useSettled(link: Link): Link {
  const [settled, setSettled] = useState(link);
  useEffect(() => {
    const timer = setTimeout(() => setSettled(link), link === "connected" ? 0 : SAY_AFTER_MS);
    return () => clearTimeout(timer);
  }, [link]);
  return settled;
}
