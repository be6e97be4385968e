"""``/analytics``: technical indicators of stored candles, cached until the next one."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import Any

from flask import Response, current_app, request
from flask_smorest import Blueprint

from server.analytics import catalogue, schemas
from server.analytics.answers import correlation_answer, series_answer
from server.analytics.caching import AnswerCache, answer_cache, digest_of, seconds_to_keep
from server.analytics.catalogue import USUAL, Indicator
from server.analytics.ranges import Range
from server.market import store
from server.market.candles import require_ticker
from server.market.json_answers import json_answer, json_bytes

blueprint = Blueprint(
    "analytics", __name__, url_prefix="/api/v1/analytics", description="Technical indicators"
)

CACHE_DATABASE = 2
_RANGE = ("start", "end", "limit")
Query = dict[str, Any]


def _documented(path: str, query: type[schemas.RangeQuery], answer: type[schemas.PartSchema]) -> Any:
    """The decorators that every call here has."""

    def decorate(view: Callable[..., Response]) -> Any:
        view = blueprint.alt_response(404, description="Nothing is stored of this series")(view)
        view = blueprint.alt_response(304, description="`If-None-Match` names the present answer")(view)
        view = blueprint.response(200, answer)(view)
        view = blueprint.arguments(query, location="query")(view)
        return blueprint.get(path)(view)

    return decorate


@_documented("/moving-average/<string:ticker>", schemas.MovingAverageQuery, schemas.IndicatorsSchema)
def moving_average(query: Query, ticker: str) -> Response:
    """Simple or exponential moving average of the close."""
    return _one(catalogue.moving_average, ticker, query)


@_documented("/volatility/<string:ticker>", schemas.VolatilityQuery, schemas.IndicatorsSchema)
def volatility(query: Query, ticker: str) -> Response:
    """Annualised volatility of log returns; 0.5 is 50 % a year."""
    return _one(catalogue.volatility, ticker, query)


@_documented("/rsi/<string:ticker>", schemas.RsiQuery, schemas.IndicatorsSchema)
def rsi(query: Query, ticker: str) -> Response:
    """Wilder's relative strength index, 0 to 100."""
    return _one(catalogue.rsi, ticker, query)


@_documented("/macd/<string:ticker>", schemas.MacdQuery, schemas.IndicatorsSchema)
def macd(query: Query, ticker: str) -> Response:
    """MACD with its signal line and histogram."""
    return _one(catalogue.macd, ticker, query)


@_documented("/bollinger/<string:ticker>", schemas.BollingerQuery, schemas.IndicatorsSchema)
def bollinger(query: Query, ticker: str) -> Response:
    """Bollinger bands."""
    return _one(catalogue.bollinger, ticker, query)


@_documented("/atr/<string:ticker>", schemas.AtrQuery, schemas.IndicatorsSchema)
def atr(query: Query, ticker: str) -> Response:
    """Wilder's average true range."""
    return _one(catalogue.atr, ticker, query)


@_documented("/indicators/<string:ticker>", schemas.IndicatorsQuery, schemas.IndicatorsSchema)
def indicators(query: Query, ticker: str) -> Response:
    """Many indicators at once, each with its usual parameters."""
    wanted = {name: USUAL[name] for name in query["names"]}
    parameters = {name: used for name, (_, used) in wanted.items()}
    return _of_series(ticker, query, [make(**used) for make, used in wanted.values()], parameters)


@_documented("/correlation", schemas.CorrelationQuery, schemas.CorrelationSchema)
def correlation(query: Query) -> Response:
    """Correlation of the log returns of two series, at the candles that both have."""
    a, b, interval, period = (query[name] for name in ("a", "b", "interval", "period"))

    def make() -> dict[str, Any]:
        found = correlation_answer(a, b, interval, _range(query), period)
        return {**found, "parameters": {"period": period}}

    return _answer((a, b), query, make)


def _one(make: Callable[..., Indicator], ticker: str, query: Query) -> Response:
    parameters = {name: value for name, value in query.items() if name not in (*_RANGE, "interval")}
    return _of_series(ticker, query, [make(**parameters)], parameters)


def _of_series(ticker: str, query: Query, wanted: list[Indicator], parameters: dict[str, Any]) -> Response:
    def make() -> dict[str, Any]:
        found = series_answer(ticker, query["interval"], _range(query), wanted)
        return {**found, "parameters": parameters}

    return _answer((ticker,), query, make)


def _range(query: Query) -> Range:
    return Range(*(query[name] for name in _RANGE))


def _answer(tickers: tuple[str, ...], query: Query, make: Callable[[], dict[str, Any]]) -> Response:
    """The answer as it is known to the caller, as it is kept, or made now, in this order."""
    interval = query["interval"]
    # Read before the candles: a change meanwhile is kept under the version that nobody asks for again.
    versions = [_version(ticker, interval) for ticker in tickers]
    digest = digest_of({"path": request.path, **query}, *versions)
    # Weak too: a proxy that compresses the answer makes its name a weak one.
    if request.if_none_match.contains_weak(digest):
        response = Response(status=304)
    else:
        seconds = min(seconds_to_keep(interval, newest, time.time()) for _, newest in versions)
        response = json_answer(_cache().fetch(digest, seconds, lambda: json_bytes(make())))
    response.set_etag(digest)
    response.cache_control.no_cache = True
    return response


def _version(ticker: str, interval: str) -> Any:
    require_ticker(ticker)
    found = store.series_version(ticker, interval)
    if found is None:
        store.require_series(ticker, interval)
    return found


def _cache() -> AnswerCache:
    extensions = current_app.extensions
    if "analytics_cache" not in extensions:
        url = current_app.config["SETTINGS"].redis_database(CACHE_DATABASE)
        extensions.setdefault("analytics_cache", answer_cache(url, "analytics"))
    found: AnswerCache = extensions["analytics_cache"]
    return found
