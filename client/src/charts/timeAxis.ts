import type uPlot from "uplot";

const DAY = 86_400;
const written = (options: Intl.DateTimeFormatOptions) =>
  new Intl.DateTimeFormat("en-GB", { ...options, timeZone: "UTC" });
const CLOCK = written({ hour: "2-digit", minute: "2-digit" });
const DAY_OF_MONTH = written({ day: "numeric", month: "short" });
const MONTH = written({ month: "short" });
const MONTH_OF_YEAR = written({ month: "short", year: "numeric" });

/** Labels of a time axis in UTC: as short as the distance between them allows, the larger unit where it changes. */
export const timeLabels: uPlot.Axis.DynamicValues = (_chart, seconds, _axis, _space, step) =>
  seconds.map((each, index) => labelOf(each, seconds[index - 1], step));

function labelOf(seconds: number, before: number | undefined, step: number): string {
  const moment = new Date(seconds * 1000);
  if (step < DAY) return seconds % DAY === 0 ? DAY_OF_MONTH.format(moment) : CLOCK.format(moment);
  if (step < 28 * DAY) return DAY_OF_MONTH.format(moment);
  const newYear =
    before === undefined || new Date(before * 1000).getUTCFullYear() !== moment.getUTCFullYear();
  return (newYear ? MONTH_OF_YEAR : MONTH).format(moment);
}
