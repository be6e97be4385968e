import { useState } from "react";

import { useImport } from "@/api/hooks/useImport";
import { type ImportReport, reportOf } from "@/api/marketApi";
import { Button } from "@/components/Button";
import { Card } from "@/components/Card";
import { Field, Input } from "@/components/Field";
import { ErrorState } from "@/components/States";

import { DropZone } from "./DropZone";
import { seriesOf } from "./fileName";
import { FaultyFile, Imported } from "./ImportReport";
import { isTicker, SeriesFields } from "./SeriesFields";

/** A file of candles: dropped, checked by the server line by line, stored whole or not at all. */
export function ImportCard() {
  const [file, setFile] = useState<File | null>(null);
  const [ticker, setTicker] = useState("");
  const [interval, setInterval] = useState("1h");
  const [source, setSource] = useState("CSV upload");
  const [asked, setAsked] = useState(false);
  const load = useImport();
  const report: ImportReport | null = load.data ?? null;
  const faults = reportOf(load.error);

  const take = (taken: File) => {
    const named = seriesOf(taken.name);
    setFile(taken);
    load.reset();
    if (named.ticker) setTicker(named.ticker);
    if (named.interval) setInterval(named.interval);
  };
  const send = (skipBad: boolean) => {
    setAsked(true);
    if (!file || !isTicker(ticker)) return;
    load.mutate({ file, ticker, interval, source: source.trim() || "CSV upload", skipBad });
  };

  return (
    <Card
      title="Import candles"
      anchor="import"
      hint="A CSV file with a header: timestamp (ISO 8601 or an epoch), open, high, low, close, volume. Every row is checked; one bad row and nothing is stored, unless you say so."
    >
      <form
        noValidate
        onSubmit={(event) => {
          event.preventDefault();
          send(false);
        }}
        className="grid items-start gap-4 lg:grid-cols-[1fr_1fr]"
      >
        <DropZone file={file} missing={asked && !file} onFile={take} />
        <div className="grid grid-cols-2 gap-3">
          <SeriesFields
            labels={["Ticker", "Candle length"]}
            ticker={ticker}
            interval={interval}
            asked={asked}
            onTicker={setTicker}
            onInterval={setInterval}
          />
          <div className="col-span-2">
            <Field label="Where the numbers come from" hint="Kept with every candle.">
              {(tied) => (
                <Input
                  {...tied}
                  value={source}
                  maxLength={100}
                  onChange={(event) => setSource(event.target.value)}
                />
              )}
            </Field>
          </div>
          <div className="col-span-2">
            <Button kind="primary" type="submit" busy={load.isPending}>
              {load.isPending ? "Checking and storing" : "Import"}
            </Button>
          </div>
        </div>
      </form>
      <div role="status" className="mt-4 empty:hidden">
        {report && <Imported report={report} />}
        {faults && <FaultyFile report={faults} busy={load.isPending} onSkip={() => send(true)} />}
      </div>
      {load.isError && !faults && (
        <div className="mt-4">
          <ErrorState error={load.error} />
        </div>
      )}
    </Card>
  );
}
