import { useHealth } from "@/api/hooks/useHealth";
import { Dismissible } from "@/components/Dismissible";
import { Page } from "@/components/Page";
import { ErrorState, Notice, Skeleton } from "@/components/States";

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
  return (
    <Page title="System">
      <Dismissible name="system">
        Each part of the product is asked whether it can do its work, every five seconds. Where one cannot,
        the line says what that means and what still works. Trainings are never lost: they wait, and go on
        where they were.
      </Dismissible>
      <div role="status">
        {health.isError ? (
          <ErrorState error={health.error} onRetry={() => void health.refetch()} />
        ) : (
          examined && (
            <Notice tone={TONES[examined.health.status]}>
              <strong className="font-semibold">{summaryOf(examined.health)}</strong>
            </Notice>
          )
        )}
      </div>
      {examined ? (
        <div className="grid items-start gap-4 md:gap-5 lg:grid-cols-2">
          <div className="flex min-w-0 flex-col gap-4 md:gap-5">
            <Checks checks={examined.health.checks} />
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
