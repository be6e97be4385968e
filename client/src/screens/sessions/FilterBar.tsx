import { Button } from "@/components/Button";
import { type Choice, Filter } from "@/components/Filter";

import { useListing } from "./useListing";

export interface Narrowing {
  /** The name under which it is kept in the address and asked of the server. */
  name: string;
  label: string;
  /** What no choice means, such as "All networks". */
  all: string;
  choices: readonly Choice[];
}

/** Choices whose names are their values. */
export const named = (values: Iterable<string>): Choice[] =>
  [...new Set(values)].map((value) => ({ value, name: value }));

/** What narrows a list, and a way back to all of it; `children` follow the choices. */
export function FilterBar({
  filters,
  children,
}: {
  filters: readonly Narrowing[];
  children?: React.ReactNode;
}) {
  const listing = useListing();
  return (
    <div className="flex flex-wrap items-end gap-3">
      {filters.map(({ name, ...filter }) => (
        <Filter
          key={name}
          {...filter}
          value={listing.read(name)}
          onChange={(value) => listing.change({ [name]: value })}
        />
      ))}
      {children}
      {filters.some(({ name }) => listing.read(name)) && (
        <Button kind="quiet" onClick={listing.clear}>
          Show all
        </Button>
      )}
    </div>
  );
}
