import { useState } from "react";
import { useLocation } from "wouter";

import { ApiError } from "@/api/failure";
import { candleSeconds } from "@/api/intervals";
import { useRunning } from "@/api/hooks/useRunning";
import { useStartTraining } from "@/api/hooks/useStartTraining";
import type { Series } from "@/api/types";
import { Button } from "@/components/Button";
import { Card } from "@/components/Card";
import { Field, Select } from "@/components/Field";
import { ErrorState, Notice } from "@/components/States";
import { count } from "@/format/numbers";
import { duration } from "@/format/times";

import { Advanced } from "./Advanced";
import { Choices, NetworkChoice } from "./Choices";
import { DateRange } from "./DateRange";
import { bodyOf, type Draft, type Errors, PRESETS, presetOf } from "./parameters";
import { fieldErrors, useDraft } from "./useDraft";

const PRESET_CHOICES = PRESETS.map(({ key, name, explained }) => ({ key, name, explained }));

/** Everything that a training needs, from the one choice that matters to every number. */
export function StartForm({ stored, given }: { stored: readonly Series[]; given: Draft | null }) {
  const form = useDraft(given, stored);
  const { draft, errors, change } = form;
  const start = useStartTraining();
  const [, go] = useLocation();
  const [faulty, setFaulty] = useState(false);
  const series = stored.find(
    ({ ticker, interval }) => ticker === draft.ticker && interval === draft.interval,
  );

  const submit = (event: React.SubmitEvent) => {
    event.preventDefault();
    const ready = form.ready();
    setFaulty(!ready);
    if (!ready) return;
    start.mutate(bodyOf(draft), {
      onSuccess: ({ session_id }) => go(`/train/${session_id}`),
      onError: form.refuse,
    });
  };

  return (
    <form
      noValidate
      onSubmit={submit}
      className="grid items-start gap-4 md:gap-5 xl:grid-cols-[minmax(26rem,5fr)_7fr]"
    >
      <Card title="What to train">
        <div className="flex flex-col gap-5">
          <SeriesChoice stored={stored} draft={draft} errors={errors} onChange={change} />
          <NetworkChoice chosen={draft.model_type} onChoose={(type) => change({ model_type: type })} />
          <Choices
            legend="How thoroughly"
            name="preset"
            columns={3}
            choices={PRESET_CHOICES}
            chosen={presetOf(draft)}
            onChoose={(key) => change(PRESETS.find((preset) => preset.key === key)?.values ?? {})}
          />
          <Advanced draft={draft} errors={errors} onChange={change} />
        </div>
      </Card>
      <div className="flex min-w-0 flex-col gap-4 md:gap-5">
        <Card
          title="Which candles"
          hint="Drag over the chart to choose a range. It is split by time: what is tested comes after everything that was learned from."
        >
          {series && <DateRange series={series} draft={draft} errors={errors} onChange={change} />}
        </Card>
        <div className="flex flex-col gap-3">
          <Full />
          {start.isError && !isShownAtFields(start.error) && <ErrorState error={start.error} />}
          {faulty && Object.keys(errors).length > 0 && (
            <p role="alert" className="font-medium text-bad">
              Nothing was started: correct the fields marked with ✕.
            </p>
          )}
          <div className="flex flex-wrap items-center gap-x-4 gap-y-2">
            <Button kind="primary" type="submit" busy={start.isPending} className="min-h-11 px-6">
              Start training
            </Button>
            <p className="text-[13px] text-muted">{purposeOf(draft)}</p>
          </div>
        </div>
      </div>
    </form>
  );
}

/** Says before the server has to that no more can be started now. */
function Full() {
  const { count: taken = 0, max_sessions: most = 0 } = useRunning().data ?? {};
  return (
    <div role="status" className="empty:hidden">
      {most > 0 && taken >= most && (
        <Notice tone="warn">
          {most === 1 ? "A training is" : `${count(most)} trainings are`} under way, and more are not taken at
          once. Start yours when one has ended, or cancel one.
        </Notice>
      )}
    </div>
  );
}

function purposeOf({ model_type: type, ticker, interval, horizon }: Draft): string {
  const ahead = Number(horizon);
  const what = `${type} on ${ticker}, ${interval} candles`;
  if (!(ahead > 0)) return `${what}.`;
  const time = duration(ahead * candleSeconds(interval));
  return `${what}: forecasts the next ${ahead === 1 ? `candle (${time})` : `${count(ahead)} candles (${time})`}.`;
}

function isShownAtFields(error: unknown): boolean {
  return error instanceof ApiError && Object.keys(fieldErrors(error)).length > 0;
}

interface SeriesChoiceProps {
  stored: readonly Series[];
  draft: Draft;
  errors: Errors;
  onChange: (changed: Partial<Draft>) => void;
}

function SeriesChoice({ stored, draft, errors, onChange }: SeriesChoiceProps) {
  const tickers = [...new Set(stored.map(({ ticker }) => ticker))];
  const intervals = stored.filter(({ ticker }) => ticker === draft.ticker).map(({ interval }) => interval);
  const anew = { start_date: "", end_date: "" };
  return (
    <div className="grid grid-cols-2 gap-3">
      <Field label="Ticker" error={errors.ticker}>
        {(tied) => (
          <Select
            {...tied}
            value={draft.ticker}
            onChange={(event) => onChange({ ticker: event.target.value, ...anew })}
          >
            {tickers.map((ticker) => (
              <option key={ticker}>{ticker}</option>
            ))}
          </Select>
        )}
      </Field>
      <Field label="Candle length" error={errors.interval}>
        {(tied) => (
          <Select
            {...tied}
            value={draft.interval}
            onChange={(event) => onChange({ interval: event.target.value, ...anew })}
          >
            {intervals.map((interval) => (
              <option key={interval}>{interval}</option>
            ))}
          </Select>
        )}
      </Field>
    </div>
  );
}
