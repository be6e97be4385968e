import type { StoredForecast, StoredStep } from "@/api/predictionsApi";
import { Button } from "@/components/Button";
import { Card } from "@/components/Card";
import { download } from "@/components/download";
import { type Column, Table } from "@/components/Table";
import { Time } from "@/components/Time";
import { percent, price, quoteOf } from "@/format/numbers";

import { errorText } from "./outcome";

/** Every step in numbers, beside naive and what happened. */
export function Steps({ forecast }: { forecast: StoredForecast }) {
  const currency = quoteOf(forecast.ticker);
  const { close } = forecast.origin;
  const band = (lower: number, upper: number) => `${price(lower)} – ${price(upper)}`;
  const columns: Column<StoredStep>[] = [
    { key: "step", title: "Ahead", cell: ({ step }) => step },
    { key: "time", title: "Candle", cell: ({ timestamp }) => <Time moment={timestamp} /> },
    { key: "price", title: "Forecast", numeric: true, cell: (row) => price(row.predicted_price) },
    { key: "naive", title: "Naive", numeric: true, cell: () => price(close) },
    { key: "80", title: "80 % band", numeric: true, cell: (row) => band(row.lower_80, row.upper_80) },
    { key: "95", title: "95 % band", numeric: true, cell: (row) => band(row.lower_95, row.upper_95) },
    {
      key: "confidence",
      title: "Confidence",
      numeric: true,
      cell: (row) => percent(row.confidence_score, 0),
    },
    { key: "actual", title: "Happened", numeric: true, cell: (row) => price(row.actual) },
    { key: "error", title: "Error", numeric: true, cell: (row) => errorText(row.error, close) },
    {
      key: "naive-error",
      title: "Naive's error",
      numeric: true,
      cell: ({ actual }) => errorText(actual === null ? null : close - actual, close),
    },
    { key: "inside", title: "Band", cell: insideOf },
  ];
  return (
    <Card>
      <details>
        <summary className="font-semibold">
          Every step in numbers{" "}
          <span className="font-normal text-muted">
            · {forecast.settled_steps} of {forecast.horizon} have come true · prices in {currency}
          </span>
        </summary>
        <div className="mt-3">
          <Table
            caption="Every step of this forecast"
            columns={columns}
            rows={forecast.predictions}
            rowKey={({ step }) => String(step)}
          />
          <div className="mt-3">
            <Button onClick={() => download(`${forecast.request_id}.csv`, "text/csv", csvOf(forecast))}>
              Forecast as CSV
            </Button>
          </div>
        </div>
      </details>
    </Card>
  );
}

function insideOf({ actual, lower_80, upper_80, lower_95, upper_95 }: StoredStep): string {
  if (actual === null) return "–";
  if (actual >= lower_80 && actual <= upper_80) return "✓ inside 80 %";
  return actual >= lower_95 && actual <= upper_95 ? "✓ inside 95 %" : "✕ outside";
}

function csvOf({ predictions, origin }: StoredForecast): string {
  const names = [
    "step",
    "timestamp",
    "predicted_price",
    "lower_80",
    "upper_80",
    "lower_95",
    "upper_95",
    "confidence_score",
    "actual",
    "error",
  ] as const;
  const rows = predictions.map((step) => [...names.map((name) => step[name] ?? ""), origin.close].join(","));
  return [[...names, "naive"].join(","), ...rows, ""].join("\n");
}
