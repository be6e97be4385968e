import { Card } from "@/components/Card";
import { type Column, Table } from "@/components/Table";

import { Letter } from "./Chips";
import type { Contender } from "./contenders";
import { differs, type Parameter, PARAMETERS } from "./parameters";

/** What was chosen for each; what differs is marked. */
export function Parameters({ contenders }: { contenders: readonly Contender[] }) {
  const columns: Column<Parameter>[] = [
    {
      key: "name",
      title: "Parameter",
      cell: (parameter) => (
        <span className="flex items-center gap-2 md:whitespace-nowrap">
          <span className="w-3 text-accent">
            {differs(parameter, contenders) && (
              <span role="img" aria-label="differs:">
                ≠
              </span>
            )}
          </span>
          {parameter.name}
        </span>
      ),
    },
    ...contenders.map((contender) => ({
      key: contender.id,
      title: (
        <span className="inline-flex justify-end">
          <Letter contender={contender} />
        </span>
      ),
      numeric: true,
      cell: (parameter: Parameter) => (
        <span className={differs(parameter, contenders) ? "font-semibold" : "text-muted"}>
          {parameter.of(contender)}
        </span>
      ),
    })),
  ];
  return (
    <Card
      title="Parameters"
      hint="≠ marks what differs: the fewer differ, the clearer what made the difference."
    >
      <Table
        caption="Parameters of each"
        columns={columns}
        rows={PARAMETERS}
        rowKey={({ name }) => name}
        pinned
      />
    </Card>
  );
}
