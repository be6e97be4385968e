import { useHealth } from "@/api/hooks/useHealth";
import { Dismissible } from "@/components/Dismissible";
import { Page } from "@/components/Page";
import { ErrorState, Notice, Skeleton } from "@/components/States";
import { Time } from "@/components/Time";
import { localClock } from "@/format/times";

import { Checks } from "./Checks";
import { Link } from "./Link";
import { Numbers } from "./Numbers";
import { Schedules } from "./Schedules";
import { Sources } from "./Sources";
import { Versions } from "./Versions";
import { Workers } from "./Workers";
import { summaryOf } from "./words";

const TONES = { ok: "good", degraded: "warn", down: "bad" } as const;

/** `/system`: whether everything works, asked again every few seconds. */
export function SystemScreen() {
  const health = useHealth();
  const examined = health.data;
  const examinedAt = new Date(health.dataUpdatedAt).toISOString();
  return (
    <Page title="System">
      <Dismissible name="system">
        Each part of the product is asked whether it can do its work, every five seconds. Where one cannot,
        the line says what that means and what still works. Trainings are never lost: they wait, and go on
        where they were.
      </Dismissible>
      {health.isError && <ErrorState error={health.error} onRetry={() => void health.refetch()} />}
      <div role="status" className="empty:hidden">
        {examined && !health.isError && (
          <Notice tone={TONES[examined.health.status]}>
            <strong className="font-semibold">{summaryOf(examined.health)}</strong>
          </Notice>
        )}
        {examined && health.isError && (
          <p className="text-muted">
            What follows is how it was at <Time moment={examinedAt} format={localClock} />.
          </p>
        )}
      </div>
      {examined ? (
        <div className="grid items-start gap-4 md:gap-5 lg:grid-cols-2">
          <div className="flex min-w-0 flex-col gap-4 md:gap-5">
            <Checks checks={examined.health.checks} now={!health.isError} />
            <Sources sources={examined.health.sources} />
            <Versions health={examined.health} />
            <Link milliseconds={examined.milliseconds} />
          </div>
          <div className="flex min-w-0 flex-col gap-4 md:gap-5">
            <Workers check={examined.health.checks.worker} />
            <Schedules />
            <Numbers />
          </div>
        </div>
      ) : (
        !health.isError && <Skeleton className="h-96" />
      )}
    </Page>
  );
}
