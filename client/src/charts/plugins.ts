import type uPlot from "uplot";

import { NOTHING } from "@/format/numbers";
import { colour } from "@/theme/theme";

interface Read {
  lines: readonly { label: string; edge?: boolean }[];
  xLabel?: string;
  time?: boolean;
}

interface Marked {
  marks?: readonly { x: number; label: string }[];
  levels?: readonly { y: number; label: string }[];
}

const BOX =
  "pointer-events-none absolute z-10 hidden rounded-lg border border-line bg-raised px-2.5 py-1.5 text-xs " +
  "whitespace-pre shadow-raised";
const FONT = "px ui-sans-serif, system-ui, sans-serif";

/** A small box beside the cursor with the values at that x. `latest` gives what the chart shows now. */
export function reader(
  latest: () => Read,
  formatX: (x: number) => string,
  formatY: (y: number) => string,
): uPlot.Plugin {
  const box = document.createElement("div");
  box.className = BOX;
  const textAt = (chart: uPlot, index: number) => {
    const { lines, xLabel, time } = latest();
    const x = formatX(chart.data[0][index] ?? 0);
    const rows = lines.flatMap(({ edge }, line) => {
      const value = chart.data[line + 1]?.[index];
      return edge ? [] : [`${nameOf(lines, line)}: ${value == null ? NOTHING : formatY(value)}`];
    });
    return [time || !xLabel ? x : `${xLabel} ${x}`, ...rows].join("\n");
  };
  return {
    hooks: {
      init: (chart) => chart.over.append(box),
      setCursor: (chart) => {
        const { idx, left = -1 } = chart.cursor;
        const away = idx == null || left < 0;
        box.classList.toggle("hidden", away);
        if (away) return;
        box.textContent = textAt(chart, idx);
        const beyond = left > chart.over.clientWidth / 2;
        box.style.left = beyond ? "" : `${left + 14}px`;
        box.style.right = beyond ? `${chart.over.clientWidth - left + 14}px` : "";
        box.style.top = "8px";
      },
    },
  };
}

/** A line without a name has that of the one before it. */
function nameOf(lines: Read["lines"], index: number): string {
  const named = lines.slice(0, index + 1).findLast(({ label }) => label !== "");
  return named?.label ?? "";
}

/** Thin lines at given x and y, each with a word. */
export function marker(latest: () => Marked): uPlot.Plugin {
  return {
    hooks: {
      draw: (chart) => {
        const { ctx } = chart;
        ctx.save();
        ctx.lineWidth = devicePixelRatio;
        ctx.font = `${11 * devicePixelRatio}${FONT}`;
        latest().marks?.forEach((mark) => drawMark(chart, mark));
        latest().levels?.forEach((level) => drawLevel(chart, level));
        ctx.restore();
      },
    },
  };
}

function drawMark(chart: uPlot, { x, label }: { x: number; label: string }): void {
  const { ctx, bbox } = chart;
  const at = Math.round(chart.valToPos(x, "x", true));
  const right = at > bbox.left + bbox.width * 0.7;
  ctx.strokeStyle = ctx.fillStyle = colour("good");
  ctx.setLineDash([3 * devicePixelRatio, 3 * devicePixelRatio]);
  stroke(ctx, [at, bbox.top], [at, bbox.top + bbox.height]);
  ctx.textAlign = right ? "right" : "left";
  ctx.fillText(label, at + (right ? -5 : 5) * devicePixelRatio, bbox.top + 11 * devicePixelRatio);
}

function drawLevel(chart: uPlot, { y, label }: { y: number; label: string }): void {
  const { ctx, bbox } = chart;
  const at = Math.round(chart.valToPos(y, "y", true));
  if (at < bbox.top || at > bbox.top + bbox.height) return;
  ctx.strokeStyle = ctx.fillStyle = colour("good");
  ctx.setLineDash([devicePixelRatio, 3 * devicePixelRatio]);
  stroke(ctx, [bbox.left, at], [bbox.left + bbox.width, at]);
  ctx.textAlign = "right";
  ctx.fillText(label, bbox.left + bbox.width - 4 * devicePixelRatio, at - 4 * devicePixelRatio);
}

function stroke(ctx: CanvasRenderingContext2D, from: [number, number], to: [number, number]): void {
  ctx.beginPath();
  ctx.moveTo(...from);
  ctx.lineTo(...to);
  ctx.stroke();
}
