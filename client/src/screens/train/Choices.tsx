import type { ModelType } from "@/api/types";
import { classes } from "@/components/classes";

import { NETWORKS } from "./networks";

interface Choice<Key extends string> {
  key: Key;
  name: string;
  explained: string;
}

interface ChoicesProps<Key extends string> {
  legend: string;
  name: string;
  choices: readonly Choice<Key>[];
  chosen: Key | null;
  onChoose: (key: Key) => void;
  columns: 2 | 3;
}

/** One of a few, each with a line that explains it. */
export function Choices<Key extends string>({
  legend,
  name,
  choices,
  chosen,
  onChoose,
  columns,
}: ChoicesProps<Key>) {
  return (
    <fieldset className="min-w-0">
      <legend className="mb-1.5 text-[13px] font-medium">{legend}</legend>
      <div className={classes("grid gap-2", columns === 2 ? "sm:grid-cols-2" : "sm:grid-cols-3")}>
        {choices.map(({ key, name: title, explained }) => (
          <label
            key={key}
            className="flex cursor-pointer gap-2.5 rounded-lg border border-line p-2.5 hover:border-line-strong has-checked:border-accent has-checked:bg-accent-soft has-focus-visible:outline-2 has-focus-visible:outline-offset-2 has-focus-visible:outline-accent"
          >
            <input
              type="radio"
              name={name}
              value={key}
              checked={chosen === key}
              onChange={() => onChoose(key)}
              className="mt-0.5 size-4 shrink-0 accent-accent outline-none"
            />
            <span className="min-w-0">
              <span className="block leading-tight font-semibold">{title}</span>
              <span className="mt-0.5 block text-xs leading-snug text-muted">{explained}</span>
            </span>
          </label>
        ))}
      </div>
    </fieldset>
  );
}

export function NetworkChoice({
  chosen,
  onChoose,
}: {
  chosen: ModelType;
  onChoose: (type: ModelType) => void;
}) {
  const choices = NETWORKS.map(({ type, explained }) => ({ key: type, name: type, explained }));
  return (
    <Choices
      legend="Network"
      name="model_type"
      columns={2}
      choices={choices}
      chosen={chosen}
      onChoose={onChoose}
    />
  );
}
