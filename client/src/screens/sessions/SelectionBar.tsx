import { Button, ButtonLink } from "@/components/Button";

import { MOST_COMPARED, type Selection } from "./useSelection";

/** How many are chosen and the way to their comparison; it stays in sight while the list scrolls. */
export function SelectionBar({ selection }: { selection: Selection }) {
  const { ids, full, clear } = selection;
  if (ids.length === 0) return null;
  return (
    <div
      role="region"
      aria-label="Chosen for comparison"
      className="sticky bottom-20 z-20 flex flex-wrap items-center gap-3 rounded-xl border border-accent/40 bg-raised px-4 py-2.5 shadow-raised md:bottom-4"
    >
      <p role="status" className="flex-1 basis-40">
        <b className="font-semibold">
          {ids.length} of {MOST_COMPARED}
        </b>{" "}
        chosen
        {ids.length === 1 && " · choose one more to compare"}
        {full && " · no more fit into one comparison"}
      </p>
      <Button kind="quiet" onClick={clear}>
        Clear
      </Button>
      {ids.length > 1 && (
        <ButtonLink kind="primary" href={`/compare?ids=${ids.join(",")}`}>
          Compare {ids.length}
        </ButtonLink>
      )}
    </div>
  );
}

/** The box by which a row is chosen. */
export function Choose({ id, name, selection }: { id: string; name: string; selection: Selection }) {
  const chosen = selection.has(id);
  return (
    <span className="grid size-6 shrink-0 place-items-center max-md:size-9">
      <input
        type="checkbox"
        aria-label={`Compare ${name}`}
        checked={chosen}
        disabled={!chosen && selection.full}
        onChange={() => selection.toggle(id)}
        className="size-4 accent-accent disabled:opacity-40"
      />
    </span>
  );
}
