import type { ForecastEvent, ServedModel } from "@/api/predictionsApi";
import { ButtonLink } from "@/components/Button";
import { Notice } from "@/components/States";

interface ModelNoticesProps {
  model: ServedModel;
  events: readonly ForecastEvent[];
}

/** What is wrong with the model itself, known from its record or just told by the room. */
export function ModelNotices({ model, events }: ModelNoticesProps) {
  const latest = events.find(
    (event): event is Extract<ForecastEvent, { type: "drifted" | "model_unavailable" }> =>
      (event.type === "drifted" || event.type === "model_unavailable") &&
      event.data.model_id === model.model_id,
  );
  const name = `${model.model_type} version ${model.version}`;
  const drift = reasonOf(model.drift, "reason");
  const fault = reasonOf(model.fault, "message");
  return (
    <div role="status" className="flex flex-col gap-3 empty:hidden">
      {model.fault && (
        <Notice
          tone="bad"
          action={<ButtonLink href={`/models/${model.model_id}`}>Open the model</ButtonLink>}
        >
          <strong className="font-semibold">{name} cannot be served.</strong> {fault} Activate another model,
          or train one.
        </Notice>
      )}
      {model.drift && (
        <Notice
          tone="warn"
          action={<ButtonLink href={`/models/${model.model_id}`}>Open the model</ButtonLink>}
        >
          <strong className="font-semibold">{name} drifts:</strong>{" "}
          {drift || "its live figures left their band"}. Training it again on newer candles usually helps.
        </Notice>
      )}
      {latest?.type === "drifted" && latest.data.recovered && !model.drift && (
        <Notice tone="good">{name} is back within its band.</Notice>
      )}
    </div>
  );
}

function reasonOf(record: Record<string, unknown> | null, name: string): string {
  const reason = record?.[name];
  return typeof reason === "string" ? reason : "";
}
