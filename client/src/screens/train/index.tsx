import { Route, Switch } from "wouter";

import { SessionScreen } from "./SessionScreen";
import { StartScreen } from "./StartScreen";

export default function Train() {
  return (
    <Switch>
      <Route path="/train/:sessionId">
        {({ sessionId }) => <SessionScreen key={sessionId} sessionId={sessionId} />}
      </Route>
      <Route component={StartScreen} />
    </Switch>
  );
}
