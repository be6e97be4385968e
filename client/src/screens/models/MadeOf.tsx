import { useLibraries } from "@/api/hooks/useLibraries";
import type { ModelDetails } from "@/api/modelsApi";
import { ApiError } from "@/api/failure";
import { Card } from "@/components/Card";
import { count, NOTHING, significant } from "@/format/numbers";

const NAMES: Record<string, string> = {
  lookback: "Lookback (candles)",
  horizon: "Horizon (candles)",
  epochs: "Epochs, at most",
  batch_size: "Batch size",
  learning_rate: "Learning rate",
  patience: "Patience (epochs)",
  seed: "Seed",
};

/** Its parameters, the libraries that made it, and the files that it consists of. */
export function MadeOf({ model }: { model: ModelDetails }) {
  const parameters = Object.entries(NAMES).map(([name, title]): [string, string] => [
    title,
    String(model.spec[name] ?? NOTHING),
  ]);
  const files = Object.entries(model.files).map(([name, { bytes }]): [string, string] => [
    name,
    sizeOf(bytes),
  ]);
  return (
    <Card title="Made of">
      <div className="grid gap-5 sm:grid-cols-3">
        <Pairs title="Parameters" pairs={parameters} />
        <Libraries modelId={model.model_id} />
        <Pairs title={`Files, ${sizeOf(model.size_bytes)}`} pairs={files} />
      </div>
    </Card>
  );
}

function Libraries({ modelId }: { modelId: string }) {
  const libraries = useLibraries(modelId);
  if (libraries.isError) {
    const { error } = libraries;
    return (
      <div>
        <h3 className="text-xs font-medium text-muted">Libraries</h3>
        <p className="mt-1 text-xs text-muted">
          {error instanceof ApiError ? error.message : "They could not be read."}
        </p>
      </div>
    );
  }
  return <Pairs title="Libraries" pairs={Object.entries(libraries.data ?? {})} />;
}

function Pairs({ title, pairs }: { title: string; pairs: readonly [string, string][] }) {
  return (
    <div className="min-w-0">
      <h3 className="mb-1 text-xs font-medium text-muted">{title}</h3>
      <dl className="text-[13px]">
        {pairs.map(([name, value]) => (
          <div key={name} className="flex justify-between gap-3 border-b border-line py-1 last:border-0">
            <dt className="min-w-0 break-words text-muted">{name}</dt>
            <dd className="text-right whitespace-nowrap">{value}</dd>
          </div>
        ))}
      </dl>
    </div>
  );
}

function sizeOf(bytes: number): string {
  if (bytes < 1000) return `${count(bytes)} B`;
  return bytes < 1e6 ? `${significant(bytes / 1e3, 3)} kB` : `${significant(bytes / 1e6, 3)} MB`;
}
