import { Route, Switch } from "wouter";

import { ForecastScreen } from "./ForecastScreen";
import { FirstSeries } from "./FirstSeries";

export default function Forecast() {
  return (
    <Switch>
      <Route path="/forecast/:ticker/:interval">
        {({ ticker, interval }) => (
          <ForecastScreen key={`${ticker} ${interval}`} ticker={ticker} interval={interval} />
        )}
      </Route>
      <Route component={FirstSeries} />
    </Switch>
  );
}
