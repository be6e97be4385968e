import type uPlot from "uplot";

import { colour } from "@/theme/theme";

interface Tagged {
  lines: readonly { tag?: string; colour: string }[];
}

interface Tag {
  text: string;
  colour: string;
  x: number;
  y: number;
}

const SIZE = 12;

/** A letter at the end of each line that has one, so that lines are known without their colours. */
export function tagger(latest: () => Tagged): uPlot.Plugin {
  return {
    hooks: {
      draw: (chart) => {
        const tags = latest().lines.flatMap((line, index) => tagOf(chart, line, index) ?? []);
        const { ctx } = chart;
        ctx.save();
        ctx.font = `600 ${SIZE * devicePixelRatio}px ui-sans-serif, system-ui, sans-serif`;
        ctx.textAlign = "left";
        ctx.textBaseline = "middle";
        for (const { text, x, y, colour: name } of spread(tags, SIZE * devicePixelRatio)) {
          ctx.fillStyle = colour(name);
          ctx.fillText(text, x + 6 * devicePixelRatio, y);
        }
        ctx.restore();
      },
    },
  };
}

function tagOf(chart: uPlot, line: Tagged["lines"][number], index: number): Tag | null {
  const values = chart.data[index + 1];
  const last = values?.findLastIndex((value) => value != null) ?? -1;
  if (!line.tag || last < 0) return null;
  return {
    text: line.tag,
    colour: line.colour,
    x: chart.valToPos(chart.data[0][last] ?? 0, "x", true),
    y: chart.valToPos(values?.[last] ?? 0, "y", true),
  };
}

/** Tags that end at the same place stand below each other. */
export function spread<T extends { x: number; y: number }>(tags: readonly T[], apart: number): T[] {
  const placed: T[] = [];
  for (const tag of [...tags].sort((one, other) => one.y - other.y)) {
    const near = placed.filter(({ x }) => Math.abs(x - tag.x) < apart);
    const lowest = Math.max(-Infinity, ...near.map(({ y }) => y + apart));
    placed.push({ ...tag, y: Math.max(tag.y, lowest) });
  }
  return placed;
}
