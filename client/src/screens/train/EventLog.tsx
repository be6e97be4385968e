import { memo, useState } from "react";

import type { TrainingEvent } from "@/api/types";
import { Button } from "@/components/Button";
import { Card } from "@/components/Card";
import { count } from "@/format/numbers";
import { localClock, utcTime } from "@/format/times";
import type { TrainingView } from "@/realtime/view";
import { LOG_LINES } from "@/realtime/view";

import { sentenceOf } from "./sentences";

// As many as nobody scrolls past at a glance: each line costs time with every event.
const SHOWN = 50;

/** What happened, newest first, in words. */
export function EventLog({ view }: { view: TrainingView }) {
  const { log } = view;
  const [all, setAll] = useState(false);
  const shown = all ? log : log.slice(-SHOWN);
  const earlier = log.length - shown.length;
  return (
    <Card title="Log" hint={log.length < LOG_LINES ? undefined : `The newest ${LOG_LINES} events.`}>
      {log.length === 0 ? (
        <p className="text-muted">Nothing has happened yet.</p>
      ) : (
        <div
          className="max-h-[22.5rem] overflow-y-auto"
          role="region"
          aria-label="Events, newest first"
          // eslint-disable-next-line jsx-a11y/no-noninteractive-tabindex -- it scrolls, so the keyboard must reach it
          tabIndex={0}
        >
          <ol reversed className="flex flex-col text-[13px]">
            {shown.toReversed().map((event) => (
              <Line key={event.seq} event={event} />
            ))}
          </ol>
          {earlier > 0 && (
            <Button kind="quiet" className="w-full" onClick={() => setAll(true)}>
              Show {count(earlier)} earlier
            </Button>
          )}
        </div>
      )}
    </Card>
  );
}

const SIGNS: Partial<Record<TrainingEvent["type"], string>> = {
  completed: "✓",
  evaluated: "✓",
  failed: "✕",
  cancelled: "⊘",
  requeued: "↻",
};

// An event never changes, so a line is drawn once.
const Line = memo(function Line({ event }: { event: TrainingEvent }) {
  return (
    // Lines out of sight are neither laid out nor painted: most of them, after a long replay.
    <li className="grid grid-cols-[3.25ch_auto_1fr] gap-x-3 border-b border-line py-1.5 [contain-intrinsic-height:auto_2rem] [content-visibility:auto] last:border-0">
      <span className="text-right text-muted">{event.seq}</span>
      <span className="text-muted">
        {/* Hundreds of these: the browser's own tip costs nothing. */}
        <time dateTime={event.timestamp} title={utcTime(event.timestamp)}>
          {localClock(event.timestamp)}
        </time>
      </span>
      <span className={event.type === "failed" ? "text-bad" : ""}>
        {SIGNS[event.type] && <span aria-hidden>{SIGNS[event.type]} </span>}
        {sentenceOf(event)}
      </span>
    </li>
  );
});
