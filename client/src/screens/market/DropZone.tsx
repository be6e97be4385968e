import { useId, useState } from "react";

import { classes } from "@/components/classes";
import { count } from "@/format/numbers";

interface DropZoneProps {
  file: File | null;
  /** It was tried without a file. */
  missing: boolean;
  onFile: (file: File) => void;
}

/** Takes a file that is dropped on it, or chosen with the browser's own dialog. */
export function DropZone({ file, missing, onFile }: DropZoneProps) {
  const id = useId();
  const [over, setOver] = useState(false);
  const take = (files: FileList | null) => {
    const first = files?.[0];
    if (first) onFile(first);
  };
  return (
    <label
      htmlFor={id}
      onDragOver={(event) => {
        event.preventDefault();
        setOver(true);
      }}
      onDragLeave={() => setOver(false)}
      onDrop={(event) => {
        event.preventDefault();
        setOver(false);
        take(event.dataTransfer.files);
      }}
      className={classes(
        "grid min-h-44 cursor-pointer place-content-center justify-items-center gap-1 rounded-xl border-2 border-dashed px-4 py-6 text-center transition-colors focus-within:outline-2 focus-within:outline-offset-2 focus-within:outline-accent hover:border-accent",
        over ? "border-accent bg-accent-soft" : missing ? "border-bad" : "border-line-strong/60",
      )}
    >
      <input
        id={id}
        type="file"
        accept=".csv,.txt,text/csv,text/plain"
        aria-invalid={missing}
        className="sr-only"
        onChange={(event) => {
          take(event.target.files);
          // The same file, corrected, can be chosen again.
          event.target.value = "";
        }}
      />
      <span className="font-semibold break-all">
        {file ? file.name : "Drop a CSV file here, or choose one"}
      </span>
      <span className="text-[13px] text-muted">
        {file
          ? `${count(Math.max(1, Math.round(file.size / 1024)))} kB · drop or choose another to replace it`
          : "BTC-USD_1h.csv fills in ticker and length"}
      </span>
      {missing && (
        <span role="alert" className="text-xs font-medium text-bad">
          <span aria-hidden>✕ </span>Choose a file first.
        </span>
      )}
    </label>
  );
}
