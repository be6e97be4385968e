import { Link } from "wouter";

import { useRunning } from "@/api/hooks/useRunning";
import type { Check } from "@/api/systemApi";
import { Card } from "@/components/Card";
import { ProgressBar } from "@/components/ProgressBar";
import { ErrorState } from "@/components/States";
import { count } from "@/format/numbers";

import { queueName, workersOf } from "./words";

/** Who works, on what, and how much room there is for more. */
export function Workers({ check }: { check: Check | undefined }) {
  const running = useRunning();
  const queues = workersOf(check);
  return (
    <Card
      title="Workers and trainings"
      hint="Workers say every few seconds that they live, and for which queue."
    >
      {queues.length > 0 ? (
        <ul aria-label="Workers by queue">
          {queues.map(([queue, workers]) => (
            <li key={queue} className="flex justify-between gap-4 border-b border-line py-2">
              <span className="min-w-0">
                <span className="font-medium">{queue}</span>
                <span className="block text-[13px] text-muted">{queueName(queue)}</span>
              </span>
              <span className="text-right text-[13px]">
                {count(workers.length)} {workers.length === 1 ? "worker" : "workers"}
                <span className="block text-xs break-all text-muted">{workers.join(", ")}</span>
              </span>
            </li>
          ))}
        </ul>
      ) : (
        <p className="border-b border-line py-2 text-warn">
          <span aria-hidden>! </span>
          {check?.error ?? "No worker is known."}
        </p>
      )}
      {running.isLoadingError ? (
        <div className="mt-3">
          <ErrorState error={running.error} />
        </div>
      ) : (
        running.data && <Slots taken={running.data.count} most={running.data.max_sessions} />
      )}
    </Card>
  );
}

function Slots({ taken, most }: { taken: number; most: number }) {
  return (
    <div className="mt-3">
      <p className="mb-1.5 flex justify-between gap-3 text-[13px]">
        <span>
          {count(taken)} of {count(most)} trainings at once
        </span>
        <Link href="/train" className="text-accent underline">
          See them
        </Link>
      </p>
      <ProgressBar value={most > 0 ? (100 * taken) / most : 0} label="Trainings that wait or run" />
    </div>
  );
}
