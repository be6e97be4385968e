import { useEffect, useMemo, useRef } from "react";
import uPlot from "uplot";

import { colour, useTheme } from "@/theme/theme";

import { Legend } from "./Legend";
import { marker, reader } from "./plugins";
import { tagger } from "./tagger";
import { timeLabels } from "./timeAxis";
import { useLatest } from "./useLatest";
import { useWidth } from "./useWidth";

export interface Line {
  /** Its name in the legend; empty: named by another line of the same look. */
  label: string;
  /** A colour variable of the theme, such as "model" or "naive". */
  colour: string;
  dashed?: boolean;
  /** Not drawn itself: the edge of a band. */
  edge?: boolean;
  /** Drawn as points only, without a line between. */
  points?: boolean;
  /** A letter at its end, by which it is known among others. */
  tag?: string;
}

interface LineChartProps {
  /** What a screen reader hears in place of the drawing. */
  summary: string;
  lines: readonly Line[];
  /** Shared x values, then one column of y values a line; null leaves a gap. */
  data: readonly (readonly (number | null)[])[];
  height?: number;
  xLabel?: string;
  /** How values are written on the axis and under the cursor. */
  formatX?: (x: number) => string;
  formatY?: (y: number) => string;
  logarithmic?: boolean;
  /** x is seconds since 1970. */
  time?: boolean;
  /** x values to mark with a vertical line. */
  marks?: readonly { x: number; label: string }[];
  /** The y axis begins at zero. */
  fromZero?: boolean;
  /** Areas between two lines, by their positions in `lines`. */
  bands?: readonly { between: readonly [number, number]; colour: string }[];
  /** Heights to mark with a thin line: a promise, or a zero. */
  levels?: readonly { y: number; label: string }[];
}

const WHOLE_STEPS = [1, 2, 5, 10, 20, 25, 50, 100, 200, 250, 500, 1000];
const FONT = "11px ui-sans-serif, system-ui, sans-serif";

/** Lines over a shared x, by uPlot. New data are drawn into the same chart; other changes make a new one. */
export function LineChart(props: LineChartProps) {
  const { summary, lines, data, height = 260, marks, levels } = props;
  const theme = useTheme();
  const box = useRef<HTMLDivElement>(null);
  const chart = useRef<uPlot | null>(null);
  const latest = useLatest(props);
  const width = useWidth(box);
  const shape = JSON.stringify([
    lines,
    props.bands,
    props.logarithmic,
    props.time,
    props.xLabel,
    props.fromZero,
    theme,
    height,
  ]);
  const ready = width > 0;

  useEffect(() => {
    if (!ready || !box.current) return;
    const made = new uPlot(optionsOf(latest), latest.current.data as uPlot.AlignedData, box.current);
    chart.current = made;
    return () => {
      made.destroy();
      chart.current = null;
    };
  }, [ready, shape, latest]);

  useEffect(() => {
    if (width > 0) chart.current?.setSize({ width, height });
  }, [width, height]);

  useEffect(() => {
    chart.current?.setData(data as uPlot.AlignedData);
  }, [data, marks, levels]);

  const legend = useMemo(
    () =>
      lines
        .filter(({ label }) => label)
        .map(({ label, colour: name, dashed }) => ({ label, colour: name, dashed })),
    [lines],
  );
  return (
    <figure className="min-w-0">
      <Legend items={legend} />
      <div ref={box} role="img" aria-label={summary} style={{ height }} className="min-w-0 overflow-hidden" />
    </figure>
  );
}

type Latest = React.RefObject<LineChartProps>;

function optionsOf(latest: Latest): uPlot.Options {
  const { lines, height = 260, logarithmic, time = false, xLabel, fromZero } = latest.current;
  const formatX = (x: number) => latest.current.formatX?.(x) ?? String(x);
  const formatY = (y: number) => latest.current.formatY?.(y) ?? String(y);
  const axis = {
    stroke: colour("muted"),
    grid: { stroke: colour("line"), width: 1 },
    ticks: { show: false },
    font: FONT,
  };
  return {
    width: 600,
    height,
    legend: { show: false },
    // Candles begin and end by UTC.
    tzDate: (seconds) => uPlot.tzDate(new Date(seconds * 1000), "Etc/UTC"),
    padding: [8, lines.some(({ tag }) => tag) ? 24 : 12, 0, 0],
    cursor: { points: { size: 7 }, drag: { x: false, y: false } },
    scales: {
      x: { time },
      y: yScale(logarithmic, fromZero),
    },
    axes: [
      {
        ...axis,
        ...(time
          ? { values: timeLabels }
          : { incrs: WHOLE_STEPS, values: (_chart, values) => values.map(formatX) }),
        size: 26,
        ...labelled(xLabel),
      },
      {
        ...axis,
        size: 62,
        values: (_chart, values) =>
          (values as (number | null)[]).map((value) => (value === null ? "" : formatY(value))),
      },
    ],
    series: [{}, ...lines.map(seriesOf)],
    bands: (latest.current.bands ?? []).map(({ between, colour: name }) => ({
      series: [between[0] + 1, between[1] + 1],
      fill: colour(name),
    })),
    plugins: [
      reader(() => latest.current, formatX, formatY),
      marker(() => latest.current),
      tagger(() => latest.current),
    ],
  };
}

function yScale(logarithmic = false, fromZero = false): uPlot.Scale {
  // uPlot names its kinds of scale in a const enum, which a single file's compiler cannot look up.
  // eslint-disable-next-line @typescript-eslint/no-unsafe-enum-assignment
  if (logarithmic) return { distr: 3 };
  return {
    range: (_chart, low, high) => (fromZero ? [0, high * 1.08 || 1] : uPlot.rangeNum(low, high, 0.1, true)),
  };
}

function labelled(xLabel: string | undefined): Partial<uPlot.Axis> {
  return xLabel ? { label: xLabel, labelFont: FONT, labelSize: 16, labelGap: 2 } : {};
}

function seriesOf(line: Line): uPlot.Series {
  const stroke = colour(line.colour);
  return {
    label: line.label,
    stroke,
    width: line.points || line.edge ? 0 : 2,
    ...(line.dashed ? { dash: [6, 5] } : {}),
    points: {
      show: line.edge ? false : (line.points ?? ((_chart, _series, from, to) => to - from < 40)),
      size: 5,
      fill: stroke,
    },
  };
}
