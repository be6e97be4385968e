import { useLocation } from "wouter";

import { useSeries } from "@/api/hooks/useSeries";
import type { SeriesName, ServedModel } from "@/api/predictionsApi";
import { Field, Select } from "@/components/Field";
import { signedPercent } from "@/format/numbers";

interface ChoiceProps {
  series: SeriesName;
  models: readonly ServedModel[];
  chosen: string | null;
  onModel: (modelId: string | null) => void;
}

/** Of what is forecast, and by which model. */
export function Choice({ series, models, chosen, onModel }: ChoiceProps) {
  const stored = useSeries();
  const [, go] = useLocation();
  const here = `${series.ticker}/${series.interval}`;
  const names = (stored.data ?? []).map(({ ticker, interval }) => `${ticker}/${interval}`);
  return (
    <div className="grid w-full grid-cols-2 gap-3 sm:w-auto sm:grid-cols-[12rem_20rem]">
      <Field label="Series">
        {(tied) => (
          <Select {...tied} value={here} onChange={(event) => go(`/forecast/${event.target.value}`)}>
            {[...new Set([here, ...names])].map((name) => (
              <option key={name} value={name}>
                {name.replace("/", " ")}
              </option>
            ))}
          </Select>
        )}
      </Field>
      <Field label="Model">
        {(tied) => (
          <Select {...tied} value={chosen ?? ""} onChange={(event) => onModel(event.target.value || null)}>
            <option value="">Best active</option>
            {chosen && !models.some(({ model_id: id }) => id === chosen) && (
              <option value={chosen}>{chosen.slice(0, 8)}, no longer here</option>
            )}
            {models.map((model) => (
              <option key={model.model_id} value={model.model_id}>
                {model.model_type} version {model.version}, {model.status}, skill {signedPercent(model.skill)}
              </option>
            ))}
          </Select>
        )}
      </Field>
    </div>
  );
}
