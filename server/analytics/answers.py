"""Indicators of stored candles, as they leave the server."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from server.analytics import indicators
from server.analytics.catalogue import Indicator
from server.analytics.indicators import Column
from server.analytics.ranges import Loaded, Range, load, pair_reader, series_reader
from server.errors import InvalidInput
from server.market.candles import Candles, require_interval


def series_answer(ticker: str, interval: str, asked: Range, wanted: Sequence[Indicator]) -> dict[str, Any]:
    """The values of ``wanted`` (at least one) at the candles of a range, NaN where there is none yet.

    Raises :class:`NotFound` when nothing of the series is stored, :class:`InvalidInput` when the candles
    up to the end of the range are too few for even one value.
    """
    seconds = require_interval(interval)
    loaded = load(asked, max(each.warm_up for each in wanted), series_reader(ticker, interval))
    _require(min(each.needed for each in wanted), loaded, f"of {ticker} {interval}", "start")
    candles = Candles(*loaded.columns)
    values: dict[str, Column] = {}
    for each in wanted:
        values |= each.compute(candles, seconds)
    return {"ticker": ticker, "interval": interval, **_part(loaded, seconds, values)}


def correlation_answer(a: str, b: str, interval: str, asked: Range, period: int) -> dict[str, Any]:
    """The correlation of two series' log returns at the candles that both have.

    Raises :class:`NotFound` when nothing of one is stored, :class:`InvalidInput` when they are the same or
    have too few candles in common.
    """
    if a == b:
        raise InvalidInput(f"b is {b}, as a is: name two different tickers", field="b", value=b)
    seconds = require_interval(interval)
    loaded = load(asked, period, pair_reader(a, b, interval))
    _require(period + 1, loaded, f"common to {a} and {b} at {interval}", "b")
    _, close, other = loaded.columns
    values = {"correlation": indicators.correlation(close, other, period)}
    return {"a": a, "b": b, "interval": interval, **_part(loaded, seconds, values)}


def _require(needed: int, loaded: Loaded, which: str, field: str) -> None:
    if loaded.rows < needed:
        raise InvalidInput(
            f"The first value needs {needed} candles, and {loaded.rows} {which} are stored up to the end of "
            "the range: ask for a later end or a shorter period, or import more candles",
            error_code="too_few_candles",
            field=field,
            needed=needed,
            stored=loaded.rows,
        )


def _part(loaded: Loaded, seconds: int, values: dict[str, Column]) -> dict[str, Any]:
    opens = loaded.columns[0][loaded.first :]
    return {
        "count": len(opens),
        "missing": loaded.missing(seconds),
        "timestamp": opens.astype("datetime64[s]"),
        "values": {name: column[loaded.first :] for name, column in values.items()},
    }
