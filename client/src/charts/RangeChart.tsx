import { useEffect, useRef } from "react";
import uPlot from "uplot";

import { axisPrice } from "@/format/numbers";
import { colour, useTheme } from "@/theme/theme";

import { timeLabels } from "./timeAxis";
import { useLatest } from "./useLatest";
import { useWidth } from "./useWidth";

export interface Range {
  /** Seconds since 1970. */
  start: number;
  end: number;
}

export interface Part {
  colour: string;
  /** Shares of the range, 0 to 1. */
  from: number;
  to: number;
}

interface RangeChartProps {
  summary: string;
  /** Times in seconds since 1970, and prices. */
  times: readonly number[];
  prices: readonly number[];
  range: Range;
  /** How the range is divided, drawn behind the line. */
  parts: readonly Part[];
  onRange: (range: Range) => void;
}

const HEIGHT = 200;
const FONT = "11px ui-sans-serif, system-ui, sans-serif";
const FEWEST_PIXELS = 6;

/** A price line on which a range is chosen by dragging. The date fields beside it do the same by keyboard. */
export function RangeChart(props: RangeChartProps) {
  const { summary, times, prices, range, parts } = props;
  const theme = useTheme();
  const box = useRef<HTMLDivElement>(null);
  const chart = useRef<uPlot | null>(null);
  const latest = useLatest(props);
  const width = useWidth(box);
  const ready = width > 0;

  useEffect(() => {
    if (!ready || !box.current) return;
    const made = new uPlot(optionsOf(latest), [[...times], [...prices]], box.current);
    chart.current = made;
    return () => {
      made.destroy();
      chart.current = null;
    };
  }, [ready, theme, times, prices, latest]);

  useEffect(() => {
    if (width > 0) chart.current?.setSize({ width, height: HEIGHT });
  }, [width]);

  useEffect(() => {
    chart.current?.redraw(false);
  }, [range, parts]);

  return (
    <div
      ref={box}
      role="img"
      aria-label={summary}
      className="h-[200px] min-w-0 cursor-crosshair touch-pan-y overflow-hidden"
    />
  );
}

type Latest = React.RefObject<RangeChartProps>;

function optionsOf(latest: Latest): uPlot.Options {
  const axis = {
    stroke: colour("muted"),
    grid: { stroke: colour("line"), width: 1 },
    ticks: { show: false },
    font: FONT,
  };
  return {
    width: 600,
    height: HEIGHT,
    legend: { show: false },
    padding: [8, 8, 0, 0],
    cursor: {
      y: false,
      points: { size: 6 },
      drag: { x: true, y: false, setScale: false, dist: FEWEST_PIXELS },
    },
    tzDate: (seconds) => uPlot.tzDate(new Date(seconds * 1000), "Etc/UTC"),
    series: [{}, { stroke: colour("ink"), width: 1.25, points: { show: false } }],
    axes: [
      { ...axis, size: 26, values: timeLabels },
      { ...axis, size: 62, values: (_chart, values) => values.map((value) => axisPrice(value)) },
    ],
    hooks: {
      drawClear: [(chart) => shade(chart, latest.current)],
      setSelect: [(chart) => choose(chart, latest.current)],
    },
  };
}

function shade(chart: uPlot, { range, parts }: RangeChartProps): void {
  const { ctx, bbox } = chart;
  const from = chart.valToPos(range.start, "x", true);
  const length = chart.valToPos(range.end, "x", true) - from;
  ctx.save();
  for (const part of parts) {
    ctx.fillStyle = colour(part.colour);
    ctx.fillRect(from + length * part.from, bbox.top, length * (part.to - part.from), bbox.height);
  }
  ctx.fillStyle = colour("accent");
  for (const edge of [from, from + length]) ctx.fillRect(Math.round(edge) - 1, bbox.top, 2, bbox.height);
  ctx.restore();
}

function choose(chart: uPlot, { onRange }: RangeChartProps): void {
  const { left, width } = chart.select;
  if (width < FEWEST_PIXELS) return;
  onRange({ start: chart.posToVal(left, "x"), end: chart.posToVal(left + width, "x") });
  chart.setSelect({ left: 0, top: 0, width: 0, height: 0 }, false);
}
