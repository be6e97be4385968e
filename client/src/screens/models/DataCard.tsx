import type { ModelDetails, PartName } from "@/api/modelsApi";
import { Card } from "@/components/Card";
import { type Column, Table } from "@/components/Table";
import { count, percent } from "@/format/numbers";
import { utcDay } from "@/format/times";

const PARTS: readonly { name: PartName; explained: string }[] = [
  { name: "train", explained: "Learned from" },
  { name: "validation", explained: "Chose the best epoch" },
  { name: "calibration", explained: "Set the widths of the bands" },
  { name: "test", explained: "Scored once" },
];
type Part = (typeof PARTS)[number];

/** The candles that it was made of, and which part served for what. */
export function DataCard({ model: { data } }: { model: ModelDetails }) {
  const total = PARTS.reduce((sum, { name }) => sum + (data.parts[name]?.origins ?? 0), 0);
  const columns: Column<Part>[] = [
    {
      key: "name",
      title: "Part",
      cell: ({ name, explained }) => (
        <span className="flex items-center gap-2">
          <span
            aria-hidden
            className="size-3 rounded-sm border border-line"
            style={{ background: `var(--part-${name})` }}
          />
          <span>
            {name}
            <span className="block text-xs font-normal text-muted">{explained}</span>
          </span>
        </span>
      ),
    },
    {
      key: "rows",
      title: "Forecasts from",
      numeric: true,
      cell: ({ name }) => count(data.parts[name]?.origins),
    },
    {
      key: "range",
      title: "First to last (UTC)",
      numeric: true,
      cell: ({ name }) => {
        const part = data.parts[name];
        return (
          <span className="max-md:whitespace-normal">
            <span className="whitespace-nowrap">{utcDay(part?.first)} –</span>{" "}
            <span className="whitespace-nowrap">{utcDay(part?.last)}</span>
          </span>
        );
      },
    },
  ];
  return (
    <Card
      title="Candles"
      hint={`${count(data.rows)} candles from ${utcDay(data.start)} to ${utcDay(data.end)}, split by time.`}
    >
      <div aria-hidden className="mb-3 flex h-3 overflow-hidden rounded-full border border-line">
        {PARTS.map(({ name }) => (
          <div
            key={name}
            style={{
              width: `${(100 * (data.parts[name]?.origins ?? 0)) / Math.max(1, total)}%`,
              background: `var(--part-${name})`,
            }}
          />
        ))}
      </div>
      <Table caption="Parts of the candles" columns={columns} rows={PARTS} rowKey={({ name }) => name} />
      <p className="mt-3 text-xs text-muted">
        {count(data.excluded_origins)} windows were left out because they span missing candles (
        {percent(data.excluded_origins / Math.max(1, data.excluded_origins + total))}). Fingerprint of the
        candles: <code className="break-all">{data.fingerprint}</code>
      </p>
    </Card>
  );
}
