import { ButtonLink } from "@/components/Button";
import { EmptyState } from "@/components/States";

/** What to do before there can be a forecast. */
export function NoModel({ children }: { children: React.ReactNode }) {
  return (
    <EmptyState
      title="No model yet: train one"
      action={
        <ButtonLink kind="primary" href="/train">
          Train a forecaster
        </ButtonLink>
      }
    >
      {children}
    </EmptyState>
  );
}
