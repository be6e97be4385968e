import type { ForecastEvent } from "@/api/predictionsApi";
import { Card } from "@/components/Card";
import { ErrorState, Notice } from "@/components/States";
import { Time } from "@/components/Time";
import { useNow } from "@/components/useNow";
import { ApiError } from "@/api/failure";
import { count } from "@/format/numbers";
import { localClock } from "@/format/times";
import { type Refusal, useLink } from "@/realtime/socket";

import { told } from "./words";

const RECOVERED_MS = 20_000;
const SIGNS: Record<ForecastEvent["type"], [sign: string, look: string]> = {
  predicted: ["→", "text-accent"],
  scored: ["✓", "text-good"],
  model_unavailable: ["✕", "text-bad"],
  drifted: ["!", "text-warn"],
};

/** What the series' room has told since the page was opened. */
export function EventFeed({ events, joined }: { events: readonly ForecastEvent[]; joined: boolean }) {
  return (
    <Card title="As it happens" hint="New forecasts and scores appear here, and above, without a reload.">
      {events.length === 0 ? (
        <p className="py-2 text-muted">
          {joined ? "Nothing since this page was opened: waiting for the next candle." : "Joining."}
        </p>
      ) : (
        // Reachable by keyboard, since it scrolls.
        <ol
          aria-label="Events, newest first"
          aria-live="polite"
          // eslint-disable-next-line jsx-a11y/no-noninteractive-tabindex
          tabIndex={0}
          className="max-h-96 overflow-y-auto text-[13px]"
        >
          {events.map((event) => (
            <li key={event.seq} className="flex gap-2.5 border-b border-line py-1.5 last:border-0">
              <span aria-hidden className={`font-bold ${SIGNS[event.type][1]}`}>
                {SIGNS[event.type][0]}
              </span>
              <span className="min-w-0 flex-1">{told(event)}</span>
              <span className="text-xs text-muted">
                <Time moment={event.timestamp} format={localClock} />
              </span>
            </li>
          ))}
        </ol>
      )}
    </Card>
  );
}

interface LinkLineProps {
  recovered: { events: number; at: number } | null;
  refused: Refusal | null;
}

/** Says when live updates stop, and when they are back. */
export function LinkLine({ recovered, refused }: LinkLineProps) {
  const link = useLink();
  const now = useNow(recovered !== null);
  const isNews = recovered !== null && now - recovered.at < RECOVERED_MS;
  return (
    <div role="status" className="empty:hidden">
      {refused && (
        <ErrorState error={new ApiError(400, refused.error_code, refused.message, {}, refused.request_id)} />
      )}
      {link === "lost" && (
        <Notice tone="warn">The connection is lost. What happens now will be fetched when it is back.</Notice>
      )}
      {link === "connected" && isNews && (
        <Notice tone="good">
          {recovered.events === 0
            ? "Reconnected, nothing was missed."
            : `Reconnected, ${count(recovered.events)} ${recovered.events === 1 ? "event" : "events"} caught up.`}
        </Notice>
      )}
    </div>
  );
}
