import { Route, Switch } from "wouter";

import { ModelScreen } from "./ModelScreen";
import { RegistryScreen } from "./RegistryScreen";

export default function Models() {
  return (
    <Switch>
      <Route path="/models/:modelId">
        {({ modelId }) => <ModelScreen key={modelId} modelId={modelId} />}
      </Route>
      <Route component={RegistryScreen} />
    </Switch>
  );
}
