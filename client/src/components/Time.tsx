import { NOTHING } from "@/format/numbers";
import { localTime, utcTime } from "@/format/times";

import { WithTip } from "./Hint";

interface TimeProps {
  moment: string | null | undefined;
  /** How it is written; date and time where the reader is, unless told otherwise. */
  format?: (moment: string) => string;
}

/** A moment in the reader's time, and in UTC on hover or focus. */
export function Time({ moment, format = localTime }: TimeProps) {
  if (!moment) return <>{NOTHING}</>;
  return (
    <WithTip tip={utcTime(moment)}>
      <time dateTime={moment} className="whitespace-nowrap">
        {format(moment)}
      </time>
    </WithTip>
  );
}
