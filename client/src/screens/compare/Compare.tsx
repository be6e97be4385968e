import { useMemo } from "react";
import { useSearchParams } from "wouter";

import { ButtonLink } from "@/components/Button";
import { Page } from "@/components/Page";
import { EmptyState, ErrorState, Loading, Notice } from "@/components/States";
import { MOST_COMPARED } from "@/screens/sessions/useSelection";

import { Chips } from "./Chips";
import { Curves } from "./Curves";
import { AgainstEachOther, AgainstNaive } from "./Differences";
import { warningsOf } from "./fairness";
import { Parameters } from "./Parameters";
import { ScoresTable } from "./ScoresTable";
import { SkillBySteps } from "./SkillBySteps";
import { useContenders } from "./useContenders";

const SHAPES = ["h-14", "h-60", "h-80"];

/** `/compare?ids=…`: up to six sessions or models side by side, naive always among them. */
export function Compare() {
  const [search, setSearch] = useSearchParams();
  const asked = useMemo(() => [...new Set((search.get("ids") ?? "").split(",").filter(Boolean))], [search]);
  const ids = asked.slice(0, MOST_COMPARED);
  const remove = (id: string) =>
    setSearch({ ids: asked.filter((each) => each !== id).join(",") }, { replace: true });
  return (
    <Page
      title="Compare"
      intro="The same scores and curves side by side, and whether a difference is more than luck."
      actions={
        <>
          <ButtonLink href="/sessions">Choose sessions</ButtonLink>
          <ButtonLink href="/models">Choose models</ButtonLink>
        </>
      }
    >
      {asked.length > MOST_COMPARED && (
        <Notice tone="warn">
          {asked.length} were named; the first {MOST_COMPARED} are compared.
        </Notice>
      )}
      {ids.length === 0 ? (
        <EmptyState
          title="Nothing is chosen yet"
          action={
            <ButtonLink kind="primary" href="/sessions">
              Choose sessions
            </ButtonLink>
          }
        >
          Tick up to {MOST_COMPARED} rows in the list of sessions or of models, then press Compare.
        </EmptyState>
      ) : (
        <Comparison ids={ids} onRemove={remove} />
      )}
    </Page>
  );
}

function Comparison({ ids, onRemove }: { ids: readonly string[]; onRemove: (id: string) => void }) {
  const { contenders, pending, failures } = useContenders(ids);
  const warnings = warningsOf(contenders);
  // More pairs than fit beside a chart.
  const many = contenders.length > 3;
  if (pending) return <Loading shapes={SHAPES} />;
  return (
    <>
      {failures.map(({ error, retry }) => (
        <ErrorState key={error.message} error={error} onRetry={retry} />
      ))}
      {contenders.length > 0 && (
        <>
          <Chips contenders={contenders} onRemove={onRemove} />
          {contenders.length === 1 && <Notice>Choose one more to compare it with.</Notice>}
          {warnings.map((warning) => (
            <Notice key={warning} tone="warn">
              {warning}
            </Notice>
          ))}
          <Unfinished letters={contenders.filter(({ metrics }) => !metrics).map(({ letter }) => letter)} />
          <ScoresTable contenders={contenders} />
          <div className="grid items-start gap-4 md:gap-5 xl:grid-cols-2">
            <div className="flex min-w-0 flex-col gap-4 md:gap-5">
              <AgainstNaive contenders={contenders} />
              {contenders.length > 1 && !many && <AgainstEachOther contenders={contenders} />}
            </div>
            <SkillBySteps contenders={contenders} />
          </div>
          {many && <AgainstEachOther contenders={contenders} />}
          <Curves contenders={contenders} />
          <Parameters contenders={contenders} />
        </>
      )}
    </>
  );
}

function Unfinished({ letters }: { letters: readonly string[] }) {
  if (letters.length === 0) return null;
  return (
    <Notice>
      {letters.join(", ")} {letters.length === 1 ? "has" : "have"} no scores: only a completed training has.
      What is known of the curves is shown.
    </Notice>
  );
}
