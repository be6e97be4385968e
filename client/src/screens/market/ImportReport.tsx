import type { ImportReport } from "@/api/marketApi";
import { Button, ButtonLink } from "@/components/Button";
import { Notice } from "@/components/States";
import { type Column, Table } from "@/components/Table";
import { count, NOTHING } from "@/format/numbers";
import { utcTime } from "@/format/times";

/** What became of a file that was stored. */
export function Imported({ report }: { report: ImportReport }) {
  const { ticker, interval, rows_read: read, rows_stored: stored, rows_changed: changed } = report;
  const left = read - stored;
  return (
    <div className="flex flex-col gap-4">
      <Notice tone="good" action={<ButtonLink href={`/market/${ticker}/${interval}`}>Look at it</ButtonLink>}>
        <strong className="font-semibold">
          {count(stored)} candles of {ticker} {interval} are stored
        </strong>
        , {count(changed)} of them new or changed
        {report.first && report.last && `, from ${utcTime(report.first)} to ${utcTime(report.last)}`}.{" "}
        {left > 0 && `${count(left)} bad rows were left out. `}
        {gapsOf(report)}
      </Notice>
      {report.problems.length > 0 && <Problems report={report} />}
    </div>
  );
}

function gapsOf({ missing, gap_count: gaps }: ImportReport): string {
  if (missing === 0) return "No candle is missing between them.";
  return `${count(missing)} are missing between them, in ${count(gaps)} ${gaps === 1 ? "gap" : "gaps"}.`;
}

interface FaultyFileProps {
  report: ImportReport;
  busy: boolean;
  onSkip: () => void;
}

/** A file that was refused: each fault by its line, and the choice to take the rest. */
export function FaultyFile({ report, busy, onSkip }: FaultyFileProps) {
  const { rows_read: read, rows_sound: sound } = report;
  return (
    <div className="flex flex-col gap-4">
      <Notice
        tone="bad"
        action={
          sound > 0 && (
            <Button busy={busy} onClick={onSkip}>
              Import the {count(sound)} sound rows only
            </Button>
          )
        }
      >
        <strong className="font-semibold">
          Nothing was stored: {count(read - sound)} of {count(read)} rows cannot be used.
        </strong>{" "}
        {sound > 0
          ? "Correct the file and import it again, or leave these rows out."
          : "There is nothing to import."}
      </Notice>
      <Problems report={report} />
    </div>
  );
}

type Problem = ImportReport["problems"][number];

const COLUMNS: readonly Column<Problem>[] = [
  { key: "line", title: "Line", cell: ({ line }) => count(line) },
  { key: "field", title: "Column", cell: ({ field }) => field || NOTHING },
  {
    key: "value",
    title: "In the file",
    cell: ({ value }) => (value ? <code className="font-mono break-all">{value}</code> : NOTHING),
  },
  { key: "meaning", title: "What is wrong", cell: ({ meaning }) => meaning },
];

function Problems({ report: { problems, problem_counts: counts } }: { report: ImportReport }) {
  const all = Object.values(counts).reduce((sum, each) => sum + each, 0);
  return (
    <div>
      <p className="mb-2 text-[13px] text-muted">
        {all > problems.length
          ? `The first ${count(problems.length)} of ${count(all)} faults:`
          : `${count(all)} ${all === 1 ? "fault" : "faults"}:`}
      </p>
      <div className="max-h-96 overflow-y-auto">
        <Table
          caption="Faults by line"
          columns={COLUMNS}
          rows={problems}
          rowKey={({ line, kind, field }) => `${line} ${kind} ${field}`}
        />
      </div>
    </div>
  );
}
