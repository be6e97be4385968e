import { Route, Switch } from "wouter";

import { MarketScreen } from "./MarketScreen";
import { SeriesScreen } from "./SeriesScreen";

export default function Market() {
  return (
    <Switch>
      <Route path="/market/:ticker/:interval">
        {({ ticker, interval }) => (
          <SeriesScreen key={`${ticker} ${interval}`} ticker={ticker} interval={interval} />
        )}
      </Route>
      <Route component={MarketScreen} />
    </Switch>
  );
}
