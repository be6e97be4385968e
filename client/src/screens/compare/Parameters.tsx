import { Card } from "@/components/Card";
import { type Column, Table } from "@/components/Table";
import { NOTHING } from "@/format/numbers";
import { utcDay } from "@/format/times";

import { Letter } from "./Chips";
import type { Contender } from "./contenders";

interface Parameter {
  name: string;
  of: (contender: Contender) => string;
}

const chosen = (name: string) => (contender: Contender) => String(contender.parameters[name] ?? NOTHING);
const day = (name: string) => (contender: Contender) => {
  const moment = contender.parameters[name];
  return utcDay(typeof moment === "string" ? moment : null);
};
const PARAMETERS: readonly Parameter[] = [
  { name: "Network", of: ({ model_type }) => model_type },
  { name: "Ticker", of: ({ ticker }) => ticker },
  { name: "Candle length", of: ({ interval }) => interval },
  { name: "Lookback", of: chosen("lookback") },
  { name: "Horizon", of: chosen("horizon") },
  { name: "First candle", of: day("start_date") },
  { name: "Last candle", of: day("end_date") },
  { name: "Epochs, at most", of: chosen("epochs") },
  { name: "Batch size", of: chosen("batch_size") },
  { name: "Learning rate", of: chosen("learning_rate") },
  { name: "Patience", of: chosen("patience") },
  { name: "Seed", of: chosen("seed") },
];

/** What was chosen for each; what differs is marked. */
export function Parameters({ contenders }: { contenders: readonly Contender[] }) {
  const differs = ({ of }: Parameter) => new Set(contenders.map(of)).size > 1;
  const columns: Column<Parameter>[] = [
    {
      key: "name",
      title: "Parameter",
      cell: (parameter) => (
        <span className="flex items-center gap-2 whitespace-nowrap">
          <span className="w-3 text-accent">
            {differs(parameter) && (
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
        <span className={differs(parameter) ? "font-semibold" : "text-muted"}>{parameter.of(contender)}</span>
      ),
    })),
  ];
  return (
    <Card
      title="Parameters"
      hint="≠ marks what differs: the fewer differ, the clearer what made the difference."
    >
      <Table caption="Parameters of each" columns={columns} rows={PARAMETERS} rowKey={({ name }) => name} />
    </Card>
  );
}
