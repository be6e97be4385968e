"""Forecasts from the command line: ``flask predict``."""

from __future__ import annotations

import json
from typing import Any

import click
from flask.cli import with_appcontext
from rich.console import Console

from server import adapters
from server.forecasters.contract import MODEL_TYPES
from server.market.candles import INTERVAL_SECONDS
from server.prediction.follow import PredictionClient
from server.prediction.terminal import forecast_shown, update_shown

console = Console()


@click.command("predict")
@click.argument("ticker")
@click.option("--interval", type=click.Choice(list(INTERVAL_SECONDS)), default="1h", show_default=True)
@click.option("--horizon", type=int, help="Candles ahead; default: as many as the model forecasts.")
@click.option("--model-type", type=click.Choice(MODEL_TYPES), help="Default: the best active model.")
@click.option("--model-id", help="One model, active or not.")
@click.option("--as-of", help="Forecast from this candle, ISO 8601; default: the newest one.")
@click.option("--follow", is_flag=True, help="Stay, and show each new forecast and score of the series.")
@click.option("--json", "as_json", is_flag=True, help="Print what the server sends, one document a line.")
@click.option("--server", metavar="URL", help="The server to ask; default: this machine's.")
@with_appcontext
def predict(ticker: str, follow: bool, as_json: bool, server: str | None, **wanted: Any) -> None:
    """Forecast the price of TICKER, such as BTC-USD."""
    client = PredictionClient(server or adapters.server_url())
    body = {name: value for name, value in {"ticker": ticker, **wanted}.items() if value is not None}
    if follow:
        _stay(client, body, as_json)
    else:
        _show_forecast(client.predict(body), as_json)


def _stay(client: PredictionClient, body: dict[str, Any], as_json: bool) -> None:
    """Forecast, then show what happens until the user ends it; joined before, so that nothing is missed."""
    with client.follow(body["ticker"], body["interval"]) as events:
        made = client.predict(body)
        _show_forecast(made, as_json)
        try:
            for event in events:
                if (event["type"], event["request_id"]) != ("predicted", made["request_id"]):
                    _show_update(event, as_json)
        except KeyboardInterrupt:
            return


def _show_forecast(made: dict[str, Any], as_json: bool) -> None:
    if as_json:
        click.echo(json.dumps(made))
        return
    for part in forecast_shown(made, console.width):
        console.print(part, soft_wrap=isinstance(part, str))


def _show_update(event: dict[str, Any], as_json: bool) -> None:
    if as_json:
        click.echo(json.dumps(event))
        return
    console.print(update_shown(event), soft_wrap=True)


CLI_COMMANDS = (predict,)
