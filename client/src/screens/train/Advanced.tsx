import { useState } from "react";

import { Field, Input } from "@/components/Field";

import { type Draft, type Errors, NUMBER_FIELDS, type NumberField } from "./parameters";

const WORDS: Record<NumberField, { label: string; hint: string }> = {
  lookback: { label: "Lookback", hint: "Candles that each forecast looks back on" },
  horizon: { label: "Horizon", hint: "Candles ahead that are forecast, all at once" },
  epochs: { label: "Epochs, at most", hint: "Passes over the training part of the candles" },
  batch_size: { label: "Batch size", hint: "Examples per step; larger is quicker and coarser" },
  learning_rate: { label: "Learning rate", hint: "How large each step is, 0.0001 to 0.1" },
  patience: { label: "Patience", hint: "Epochs without improvement before it ends; empty: never" },
  seed: { label: "Seed", hint: "The same seed gives the same weights; empty: drawn" },
};

interface AdvancedProps {
  draft: Draft;
  errors: Errors;
  onChange: (changed: Partial<Draft>) => void;
}

/** Every number of a training; opened by itself when one of them is wrong. */
export function Advanced({ draft, errors, onChange }: AdvancedProps) {
  const [open, setOpen] = useState(false);
  const wrong = NUMBER_FIELDS.some((name) => errors[name]);
  return (
    <details
      open={open || wrong}
      onToggle={(event) => setOpen(event.currentTarget.open)}
      className="group rounded-lg border border-line"
    >
      <summary className="flex list-none items-center gap-2 rounded-lg px-3 py-2.5 font-medium hover:bg-sunken">
        <span aria-hidden className="text-muted transition-transform group-open:rotate-90">
          ›
        </span>
        Advanced parameters
        <span className="font-normal text-muted group-open:hidden max-sm:hidden">
          {draft.lookback} back, {draft.horizon} ahead, {draft.epochs} epochs
        </span>
      </summary>
      <div className="grid grid-cols-2 gap-x-3 gap-y-4 p-3 pt-1">
        {NUMBER_FIELDS.map((name) => (
          <Field key={name} label={WORDS[name].label} hint={WORDS[name].hint} error={errors[name]}>
            {(tied) => (
              <Input
                {...tied}
                name={name}
                inputMode={name === "learning_rate" ? "decimal" : "numeric"}
                autoComplete="off"
                value={draft[name]}
                onChange={(event) => onChange({ [name]: event.target.value })}
              />
            )}
          </Field>
        ))}
      </div>
    </details>
  );
}
