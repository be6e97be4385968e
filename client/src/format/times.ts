import { NOTHING } from "./numbers";

const LOCAL_MINUTE = new Intl.DateTimeFormat(undefined, { dateStyle: "medium", timeStyle: "short" });
const LOCAL_SECOND = new Intl.DateTimeFormat(undefined, { timeStyle: "medium" });
const LOCAL_DAY = new Intl.DateTimeFormat(undefined, { dateStyle: "medium" });
const UTC_DAY = new Intl.DateTimeFormat(undefined, { dateStyle: "medium", timeZone: "UTC" });

type Moment = string | number | Date;
const dateOf = (moment: Moment) => new Date(moment);

/** Date and time where the reader is. */
export function localTime(moment: Moment | null | undefined): string {
  return moment == null ? NOTHING : LOCAL_MINUTE.format(dateOf(moment));
}

/** Time of day with seconds where the reader is, for logs. */
export function localClock(moment: Moment): string {
  return LOCAL_SECOND.format(dateOf(moment));
}

export function localDay(moment: Moment | null | undefined): string {
  return moment == null ? NOTHING : LOCAL_DAY.format(dateOf(moment));
}

/** A calendar day in UTC: candles begin and end by that clock. */
export function utcDay(moment: Moment | null | undefined): string {
  return moment == null ? NOTHING : UTC_DAY.format(dateOf(moment));
}

/** The same moment in UTC, for the hover: 2019-08-14 09:00:00 UTC. */
export function utcTime(moment: Moment): string {
  return `${dateOf(moment).toISOString().slice(0, 19).replace("T", " ")} UTC`;
}

/** A length of time in its two largest units: "42 s", "3 min 5 s", "1 h 4 min", "2 d 3 h". */
export function duration(seconds: number | null | undefined): string {
  if (seconds == null || !Number.isFinite(seconds)) return NOTHING;
  if (seconds < 10) return `${seconds.toFixed(1)} s`;
  const whole = Math.round(seconds);
  const parts: [number, string][] = [
    [Math.floor(whole / 86_400), "d"],
    [Math.floor(whole / 3600) % 24, "h"],
    [Math.floor(whole / 60) % 60, "min"],
    [whole % 60, "s"],
  ];
  const first = parts.findIndex(([value]) => value > 0);
  return parts
    .slice(first, first + 2)
    .filter(([value]) => value > 0)
    .map(([value, unit]) => `${value} ${unit}`)
    .join(" ");
}

/** How long ago: "just now", "5 min ago". */
export function ago(moment: Moment, now: number): string {
  const seconds = (now - dateOf(moment).getTime()) / 1000;
  if (seconds < 45) return "just now";
  const [size, unit] = (
    [
      [86_400, "d"],
      [3600, "h"],
      [60, "min"],
    ] as const
  ).find(([each]) => seconds >= each) ?? [60, "min"];
  return `${Math.max(1, Math.round(seconds / size))} ${unit} ago`;
}
