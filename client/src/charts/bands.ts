import type {
  AutoscaleInfo,
  IPrimitivePaneRenderer,
  ISeriesPrimitive,
  Logical,
  SeriesAttachedParameter,
  Time,
} from "lightweight-charts";

/** A forecast's bounds at one candle; `time` in seconds since 1970. */
export interface BandPoint {
  time: number;
  lower_80: number;
  upper_80: number;
  lower_95: number;
  upper_95: number;
}

type Target = Parameters<IPrimitivePaneRenderer["draw"]>[0];
type Place = readonly [x: number, y: number];

const LEVELS = [
  { lower: "lower_95", upper: "upper_95", level: "95" },
  { lower: "lower_80", upper: "upper_80", level: "80" },
] as const;

/**
 * The outline of the area between two bounds: along the upper one and back along the lower one. What lies
 * outside of the chart's times has no place, and is left out.
 */
export function outline(
  points: readonly BandPoint[],
  lower: "lower_80" | "lower_95",
  upper: "upper_80" | "upper_95",
  x: (time: number) => number | null,
  y: (price: number) => number | null,
): Place[] {
  const there: Place[] = [];
  const back: Place[] = [];
  for (const point of points) {
    const [at, top, bottom] = [x(point.time), y(point[upper]), y(point[lower])];
    if (at === null || top === null || bottom === null) continue;
    there.push([at, top]);
    back.unshift([at, bottom]);
  }
  return [...there, ...back];
}

/** A forecast's fan: the 95 % band with the 80 % band on it, behind the candles. */
export class Bands implements ISeriesPrimitive {
  private place: SeriesAttachedParameter | null = null;
  private readonly views = [
    {
      zOrder: () => "bottom" as const,
      renderer: () => ({ draw: (target: Target) => this.draw(target) }),
    },
  ];

  constructor(
    private readonly points: readonly BandPoint[],
    private readonly fills: Readonly<Record<"80" | "95", string>>,
  ) {}

  attached(place: SeriesAttachedParameter): void {
    this.place = place;
    place.requestUpdate();
  }

  detached(): void {
    this.place = null;
  }

  paneViews() {
    return this.views;
  }

  /** Prices that must be in sight when the fan is. */
  autoscaleInfo(start: Logical, end: Logical): AutoscaleInfo | null {
    const scale = this.place?.chart.timeScale();
    const inSight = this.points.filter(({ time }) => {
      const index = scale?.timeToIndex(time as Time, true);
      return index != null && Number(index) >= start && Number(index) <= end;
    });
    if (inSight.length === 0) return null;
    return {
      priceRange: {
        minValue: Math.min(...inSight.map((point) => point.lower_95)),
        maxValue: Math.max(...inSight.map((point) => point.upper_95)),
      },
    };
  }

  private draw(target: Target): void {
    const { place, points, fills } = this;
    if (!place) return;
    const scale = place.chart.timeScale();
    const x = (time: number) => scale.timeToCoordinate(time as Time);
    const y = (price: number) => place.series.priceToCoordinate(price);
    target.useMediaCoordinateSpace(({ context }) => {
      for (const { lower, upper, level } of LEVELS) {
        const edge = outline(points, lower, upper, x, y);
        context.fillStyle = fills[level];
        context.beginPath();
        edge.forEach((at) => context.lineTo(...at));
        context.fill();
      }
    });
  }
}
