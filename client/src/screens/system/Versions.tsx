import type { Health } from "@/api/systemApi";
import { Card } from "@/components/Card";
import { duration } from "@/format/times";

const LIMITED: Readonly<Record<string, string>> = {
  default: "Every other call",
  train: "Starting trainings",
  import: "Importing files",
  backfill: "Asking for backfills",
  predict: "Asking for forecasts",
};

/** What runs here, and how often it may be asked. */
export function Versions({ health }: { health: Health }) {
  const { environment, async_mode: mode, uptime_seconds: up, versions, rate_limits: limits } = health;
  return (
    <Card
      title="Versions and limits"
      hint={`Environment ${environment}, web process on ${mode}, up for ${duration(up)}.`}
    >
      <div className="grid gap-x-8 gap-y-4 md:grid-cols-2">
        <List title="Versions" entries={Object.entries(versions)} />
        {limits.enabled ? (
          <List
            title="Requests that one address may make"
            entries={Object.entries(limits.limits).map(([name, limit]) => [LIMITED[name] ?? name, limit])}
          />
        ) : (
          <p className="text-[13px] text-muted">Requests are not limited here.</p>
        )}
      </div>
    </Card>
  );
}

function List({ title, entries }: { title: string; entries: readonly (readonly [string, string])[] }) {
  return (
    <div>
      <h3 className="mb-1 text-[13px] font-medium">{title}</h3>
      <dl className="text-[13px]">
        {entries.map(([name, value]) => (
          <div key={name} className="flex justify-between gap-4 border-b border-line py-1.5 last:border-0">
            <dt className="text-muted">{name}</dt>
            <dd className="text-right">{value}</dd>
          </div>
        ))}
      </dl>
    </div>
  );
}
