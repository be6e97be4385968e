"""How forecasts and their scores look in a terminal: always beside the naive forecast."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from rich.box import SIMPLE_HEAD
from rich.console import RenderableType
from rich.markup import escape
from rich.table import Column, Table

from server.prediction.chart import chart, price

NARROW = 112
"""Columns of a terminal below which an interval takes two lines, and the confidence is left out."""


def forecast_shown(made: dict[str, Any], width: int = NARROW) -> Iterator[RenderableType]:
    """The answer of ``POST /predict`` for a terminal of ``width`` columns.

    What it is of, table, chart, model, warnings.
    """
    origin = made["origin"]
    yield (
        f"[bold]{made['ticker']} {made['interval']}[/] from {_minute(origin['timestamp'])} UTC, "
        f"close {price(origin['close'])}, request {made['request_id']}"
    )
    yield _narrow_steps(made) if width < NARROW else _steps(made)
    yield chart(made)
    yield from _model(made["model_id"], made["model"])
    for warning in made["warnings"]:
        yield f"[yellow]warning:[/] {escape(warning['message'])}"


def update_shown(event: dict[str, Any]) -> str:
    """One ``prediction_update`` in a line."""
    label = event["type"].replace("_", " ")
    return f"{_minute(event['timestamp'])}  [bold]{label}[/]  {_told(event['type'], event['data'])}"


def _told(kind: str, data: dict[str, Any]) -> str:
    match kind:
        case "predicted":
            return _predicted(data)
        case "scored":
            return _scored(data)
        case "drifted":
            return _drifted(data)
        case _:
            return f"[red]{data['model_type']} version {data['version']}: {escape(data['message'])}[/]"


def _steps(made: dict[str, Any]) -> Table:
    table = _table_of("step", "time (UTC)", "price", "80 % interval", "95 % interval", "naive", "confidence")
    for step, naive in zip(made["predictions"], made["baseline"], strict=True):
        table.add_row(
            str(step["step"]),
            _minute(step["timestamp"]),
            price(step["predicted_price"]),
            _range(step, "80"),
            _range(step, "95"),
            price(naive["predicted_price"]),
            _share(step["confidence_score"], ".0%"),
        )
    return table


def _narrow_steps(made: dict[str, Any]) -> Table:
    table = _table_of("step", "time (UTC)", "price", "80 % interval", "95 % interval", "naive")
    for step, naive in zip(made["predictions"], made["baseline"], strict=True):
        ranges = (_range(step, level).replace("–", "–\n") for level in ("80", "95"))
        when, prices = _minute(step["timestamp"]), (price(each["predicted_price"]) for each in (step, naive))
        forecast, naive_forecast = prices
        table.add_row(str(step["step"]), when, forecast, *ranges, naive_forecast)
    return table


def _table_of(*headings: str) -> Table:
    columns = (Column(heading, justify="right", overflow="fold") for heading in headings)
    return Table(*columns, box=SIMPLE_HEAD, pad_edge=False)


def _model(model_id: str, model: dict[str, Any]) -> Iterator[str]:
    yield (
        f"{model['model_type']} version {model['version']} ({model['status']}), trained until "
        f"{_minute(model['trained_until'])} UTC, model {model_id}"
    )
    yield (
        f"on its test part: skill against naive {_share(model['skill'], '+.2%')}, its 80 % interval covered "
        f"{_share(model['coverage_80'], '.1%')}, its 95 % interval {_share(model['coverage_95'], '.1%')}"
    )


def _predicted(data: dict[str, Any]) -> str:
    last, model = data["predictions"][-1], data["model"]
    return (
        f"{model['model_type']} version {model['version']} from {_minute(data['origin']['timestamp'])} UTC: "
        f"{price(data['origin']['close'])} now, {price(last['predicted_price'])} in {last['step']} candles "
        f"(80 %: {_range(last, '80')})"
    )


def _scored(data: dict[str, Any]) -> str:
    steps = data["steps"]
    error, naive_error = (_mean_size([step[name] for step in steps]) for name in ("error", "naive_error"))
    inside = sum(step["inside_80"] for step in steps)
    return (
        f"forecast from {_minute(data['origin'])} UTC, {data['settled_steps']} of {data['horizon']} steps "
        f"known: off by {price(error)}, naive by {price(naive_error)}, {inside} of {len(steps)} "
        "inside the 80 % interval"
    )


def _drifted(data: dict[str, Any]) -> str:
    model = f"{data['model_type']} version {data['version']}"
    if data["recovered"]:
        return f"[green]{model} is back within its band[/]"
    return f"[yellow]{model}: {escape(data['reason'])}[/]"


def _mean_size(errors: list[float]) -> float:
    return sum(map(abs, errors)) / len(errors)


def _range(step: dict[str, Any], level: str) -> str:
    return f"{price(step[f'lower_{level}'])}–{price(step[f'upper_{level}'])}"


def _share(value: float | None, form: str) -> str:
    return "-" if value is None else format(value, form)


def _minute(timestamp: str) -> str:
    """``2019-01-31T12:00:00.000Z`` as ``2019-01-31 12:00``."""
    return timestamp[:16].replace("T", " ")
