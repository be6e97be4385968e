import type { SessionStatus } from "@/api/types";

import { classes } from "./classes";

const LOOKS: Record<SessionStatus, { word: string; sign: string; look: string }> = {
  PENDING: { word: "Waiting", sign: "◷", look: "bg-sunken text-muted" },
  IN_PROGRESS: { word: "Training", sign: "●", look: "bg-accent-soft text-accent" },
  COMPLETED: { word: "Completed", sign: "✓", look: "bg-good-soft text-good" },
  FAILED: { word: "Failed", sign: "✕", look: "bg-bad-soft text-bad" },
  CANCELLED: { word: "Cancelled", sign: "⊘", look: "bg-warn-soft text-warn" },
};

/** The status of a session, or of another job, as a word, a sign and a colour. */
export function Status({ status, running }: { status: SessionStatus; running?: string }) {
  const { word, sign, look } = LOOKS[status];
  return (
    <span
      className={classes(
        "inline-flex items-center gap-1.5 rounded-full px-2.5 py-0.5 text-xs font-semibold",
        look,
      )}
    >
      <span aria-hidden className={status === "IN_PROGRESS" ? "pulse" : ""}>
        {sign}
      </span>
      {status === "IN_PROGRESS" ? (running ?? word) : word}
    </span>
  );
}
