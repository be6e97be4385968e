import { Field, Select } from "./Field";

export interface Choice {
  value: string;
  name: string;
}

interface FilterProps {
  label: string;
  /** What no choice means, such as "All networks". */
  all?: string;
  value: string;
  choices: readonly Choice[];
  onChange: (value: string) => void;
}

/** A list above a table that narrows or orders what it shows. */
export function Filter({ label, all, value, choices, onChange }: FilterProps) {
  return (
    <div className="min-w-36 flex-1 sm:max-w-56">
      <Field label={label}>
        {(tied) => (
          <Select {...tied} value={value} onChange={(event) => onChange(event.target.value)}>
            {all !== undefined && <option value="">{all}</option>}
            {choices.map((choice) => (
              <option key={choice.value} value={choice.value}>
                {choice.name}
              </option>
            ))}
          </Select>
        )}
      </Field>
    </div>
  );
}
