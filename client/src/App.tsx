import * as Tooltip from "@radix-ui/react-tooltip";
import { QueryClientProvider } from "@tanstack/react-query";
import { Suspense } from "react";
import { Redirect, Route, Switch, useLocation } from "wouter";

import { newQueries } from "@/api/queries";
import { ButtonLink } from "@/components/Button";
import { ErrorBoundary } from "@/components/ErrorBoundary";
import { EmptyState, Loading } from "@/components/States";
import { Toasts } from "@/components/Toasts";
import { Layout } from "@/layout/Layout";
import { SCREENS } from "@/screens/screens";

const SHAPES = ["h-8 w-48", "h-72"];

const queries = newQueries();

export function App() {
  return (
    <QueryClientProvider client={queries}>
      <Tooltip.Provider>
        <Layout>
          <Screens />
        </Layout>
        <Toasts />
      </Tooltip.Provider>
    </QueryClientProvider>
  );
}

function Screens() {
  const [location] = useLocation();
  return (
    <ErrorBoundary resetKey={location}>
      <Suspense fallback={<Loading shapes={SHAPES} />}>
        <Switch>
          <Route path="/">
            <Redirect to="/train" replace />
          </Route>
          {SCREENS.map(({ path, component }) => (
            <Route key={path} path={`${path}/*?`} component={component} />
          ))}
          <Route>
            <EmptyState
              title="There is no such page"
              action={<ButtonLink href="/train">Go to Train</ButtonLink>}
            >
              The address may be mistyped, or the page has moved.
            </EmptyState>
          </Route>
        </Switch>
      </Suspense>
    </ErrorBoundary>
  );
}
