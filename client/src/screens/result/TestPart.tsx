import { useState } from "react";

import { ApiError } from "@/api/failure";
import { useTestPart } from "@/api/hooks/useTestPart";
import { TestPartChart } from "@/charts/TestPart";
import { Card } from "@/components/Card";
import { Select } from "@/components/Field";
import { EmptyState, ErrorState, Skeleton } from "@/components/States";
import { count } from "@/format/numbers";

interface TestPartProps {
  modelId: string;
  horizon: number;
  interval: string;
  currency: string;
}

// The last is all that is kept of a test part.
const LIMITS = [100, 300, 1500] as const;

/** What was forecast on the test part, and what happened: prices with their bands, and each forecast's error. */
export function TestPart({ modelId, horizon, interval, currency }: TestPartProps) {
  const [step, setStep] = useState(1);
  const [limit, setLimit] = useState<number>(LIMITS[1]);
  const part = useTestPart(modelId, step, limit);
  const steps = Array.from({ length: horizon }, (_, index) => index + 1);
  return (
    <Card
      title="Predicted against actual"
      hint="Each forecast is drawn where its candle closed. A line that follows the price one step late says no more than naive does."
      actions={
        <>
          <Choice
            label="How many forecasts"
            value={limit}
            values={LIMITS}
            written={(value) => `newest ${count(value)}`}
            onChange={setLimit}
          />
          <Choice
            label="How far ahead"
            value={step}
            values={steps}
            written={(value) => `${value} × ${interval} ahead`}
            onChange={setStep}
          />
        </>
      }
    >
      {part.isError ? (
        <Missing error={part.error} onRetry={() => void part.refetch()} />
      ) : part.data ? (
        <TestPartChart part={part.data} currency={currency} />
      ) : (
        <Skeleton className="h-96" />
      )}
    </Card>
  );
}

interface ChoiceProps {
  label: string;
  value: number;
  values: readonly number[];
  written: (value: number) => string;
  onChange: (value: number) => void;
}

function Choice({ label, value, values, written, onChange }: ChoiceProps) {
  return (
    <Select
      aria-label={label}
      className="!w-auto"
      value={value}
      onChange={(event) => onChange(Number(event.target.value))}
    >
      {values.map((each) => (
        <option key={each} value={each}>
          {written(each)}
        </option>
      ))}
    </Select>
  );
}

function Missing({ error, onRetry }: { error: unknown; onRetry: () => void }) {
  if (!(error instanceof ApiError) || error.status !== 404)
    return <ErrorState error={error} onRetry={onRetry} />;
  return <EmptyState title="Its test part is not stored">{error.message}</EmptyState>;
}
