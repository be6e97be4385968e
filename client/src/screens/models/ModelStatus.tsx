import type { ModelStatus as Status } from "@/api/modelsApi";
import { classes } from "@/components/classes";

const LOOKS: Record<Status, { word: string; sign: string; look: string }> = {
  active: { word: "Active", sign: "★", look: "bg-good-soft text-good" },
  candidate: { word: "Candidate", sign: "○", look: "bg-accent-soft text-accent" },
  archived: { word: "Archived", sign: "▣", look: "bg-sunken text-muted" },
};

/** A model's place in the registry as a word, a sign and a colour. */
export function ModelStatus({ status }: { status: Status }) {
  const { word, sign, look } = LOOKS[status];
  return (
    <span
      className={classes(
        "inline-flex items-center gap-1.5 rounded-full px-2.5 py-0.5 text-xs font-semibold whitespace-nowrap",
        look,
      )}
    >
      <span aria-hidden>{sign}</span>
      {word}
    </span>
  );
}

/** A flag beside the status: something about it needs a look. */
export function Flag({ word, title }: { word: string; title: string }) {
  return (
    <span
      title={title}
      className="inline-flex items-center gap-1.5 rounded-full bg-warn-soft px-2.5 py-0.5 text-xs font-semibold text-warn"
    >
      <span aria-hidden>!</span>
      {word}
    </span>
  );
}
