import { Notice } from "@/components/States";
import { useNow } from "@/components/useNow";
import { count } from "@/format/numbers";
import { useLink } from "@/realtime/socket";

const SHOWN_MS = 20_000;

interface LinkNoticeProps {
  recovered: { events: number; at: number } | null;
  ended: boolean;
}

/** Says when live updates stop, and when they are back: with how much was caught up. */
export function LinkNotice({ recovered, ended }: LinkNoticeProps) {
  const link = useLink();
  const now = useNow(recovered !== null);
  // The region stays, so that what appears in it is read aloud.
  return (
    <div role="status" className="empty:hidden">
      {link === "lost" && !ended && (
        <Notice tone="warn">
          The connection is lost. The training goes on; what is missed now will be fetched.
        </Notice>
      )}
      {link === "connected" && recovered && now - recovered.at < SHOWN_MS && (
        <Notice tone="good">{caughtUp(recovered.events)}</Notice>
      )}
    </div>
  );
}

function caughtUp(events: number): string {
  if (events === 0) return "Reconnected, nothing was missed.";
  return `Reconnected, ${count(events)} ${events === 1 ? "event" : "events"} caught up.`;
}
