"""ccxt's exchanges as this server uses them: their addresses, their habits, and what their errors mean.

ccxt brings 120 MB of modules: only workers, commands and the stream process may load this.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from importlib import import_module
from typing import Any, TypeVar

from server.config import InvalidSettings
from server.market.sources.contract import (
    MarketUnknown,
    RateLimited,
    SourceAnswerUnusable,
    SourceError,
    SourceRefused,
    SourceUnreachable,
)
from server.market.sources.transport import LIMITING, PASSING, Heading

# Loaded by name: ccxt makes its exchanges known by name alone, and its sources are no types to check.
_ccxt: Any = import_module("ccxt")
errors: Any = import_module("ccxt.base.errors")
"""ccxt's own errors."""

DEFAULT_PAGE_ROWS = 500
MISREADINGS = (TypeError, ValueError, KeyError, IndexError, AttributeError)
"""What ccxt raises when an answer's shape is not the one that it expects."""

_Answer = TypeVar("_Answer")


@dataclass(frozen=True, slots=True)
class Habits:
    """What ccxt does not say about an exchange.

    ``history_rows``: how many candles of each interval it keeps, None for all. ``windowed``: an answer
    covers a window of time, so an empty one does not mean that nothing comes later. ``market_calls``:
    the requests that the list of markets takes. ``candles_at``: the part of an answer that is the list of
    candles or holds it ("": the answer itself, None: not known); ccxt takes an answer without such a list
    for one without candles.
    """

    history_rows: int | None = None
    windowed: bool = False
    market_calls: int = 1
    candles_at: str | None = None


_HABITS = {
    "binance": Habits(candles_at=""),
    "kraken": Habits(history_rows=720, market_calls=2, candles_at="result"),
    "coinbase": Habits(windowed=True, market_calls=5, candles_at="candles"),
    "coinbaseexchange": Habits(windowed=True, market_calls=2),
}


def habits_of(name: str) -> Habits:
    """The habits of an exchange."""
    return _HABITS.get(name, Habits())


def new_exchange(name: str, base_url: str, timeout: float, **more: Any) -> Any:
    """An exchange of ccxt, synchronous. ``base_url``: a gateway that serves its hosts beneath it; "": none.

    ``timeout`` in seconds. Raises :class:`InvalidSettings` for a name that ccxt does not know.
    """
    return _new(_ccxt, name, base_url, timeout, more)


def new_streaming_exchange(name: str, base_url: str, timeout: float, **more: Any) -> Any:
    """An exchange of ccxt with sockets, asynchronous; otherwise as :func:`new_exchange`."""
    return _new(import_module("ccxt.pro"), name, base_url, timeout, more)


def ask(
    exchange: Any, source: str, question: Callable[[], _Answer], heading: Callable[[], Heading | None]
) -> _Answer:
    """What ``question()`` gets from a synchronous ``exchange``; its errors as those of the contract."""
    exchange.last_json_response = None
    try:
        answer = question()
    except errors.BaseError as error:
        raise error_of(error, source, heading()) from error
    except MISREADINGS as error:
        raise _unusable(source, f"ccxt could not read it ({type(error).__name__}: {error})") from error
    if exchange.last_json_response is None:
        # ccxt takes text for an answer and finds no candles in it.
        raise _unusable(source, "it is not JSON")
    return answer


def error_of(error: Exception, source: str, heading: Heading | None) -> SourceError | MarketUnknown:
    """What an error of ccxt means; the status is asked first: ccxt takes 403 and 404 for passing troubles."""
    status = heading.status if heading else None
    reason = str(error)[:300]
    if status in LIMITING or isinstance(error, errors.RateLimitExceeded | errors.DDoSProtection):
        retry_after = heading.retry_after if heading else None
        return RateLimited(
            f"{source} asks for fewer calls: {reason}", source=source, retry_after=retry_after, status=status
        )
    if isinstance(error, errors.BadSymbol):
        return MarketUnknown(f"{source} knows no such market: {reason}", source=source)
    refused = status is not None and 400 <= status < 500 and status not in PASSING
    if refused or isinstance(error, errors.AuthenticationError | errors.NotSupported):
        return SourceRefused(f"{source} refuses: {reason}", source=source, status=status)
    if isinstance(error, errors.NetworkError):
        return SourceUnreachable(f"{source} was not reached: {reason}", source=source, status=status)
    return _unusable(source, reason)


def require_candles(exchange: Any, source: str) -> None:
    """Raises :class:`SourceAnswerUnusable` when the last answer has no place where candles would be."""
    at, answer = habits_of(source).candles_at, exchange.last_json_response
    if at is None:
        return
    part = answer
    if at:
        part = answer.get(at) if isinstance(answer, Mapping) else None
    parts = part.values() if at and isinstance(part, Mapping) else [part]
    if not any(isinstance(each, list) for each in parts):
        raise _unusable(source, "it has no list of candles")


def _new(module: Any, name: str, base_url: str, timeout: float, more: Mapping[str, Any]) -> Any:
    maker = getattr(module, name, None) if name in module.exchanges else None
    if maker is None:
        raise InvalidSettings(
            f"Settings that cannot be used: MARKET_SOURCES names {name!r}, which ccxt does not know",
            variables=["MARKET_SOURCES"],
        )
    options: dict[str, Any] = {
        # The bucket that all processes share counts the calls.
        "enableRateLimit": False,
        "enableLastJsonResponse": True,
        "timeout": int(timeout * 1000),
        # The list of markets alone is asked for, and of markets those of coins.
        "options": {"fetchMarkets": {"types": ["spot"]}} if name.startswith("binance") else {},
        **more,
    }
    if not base_url:
        return maker({"requests_trust_env": True, "aiohttp_trust_env": True, **options})
    return maker({**options, "urls": {"api": _beneath(base_url, maker().urls["api"])}})


def _beneath(base_url: str, urls: Any) -> Any:
    """An exchange's addresses moved beneath ``base_url``, the host becoming the first part of the path."""
    if isinstance(urls, Mapping):
        return {name: _beneath(base_url, url) for name, url in urls.items()}
    scheme, _, rest = str(urls).partition("://")
    base = base_url.rstrip("/")
    return f"{base.replace('http', 'ws', 1) if scheme in ('ws', 'wss') else base}/{rest}"


def _unusable(source: str, reason: str) -> SourceAnswerUnusable:
    return SourceAnswerUnusable(f"{source} sent what cannot be used: {reason}", source=source, fault=reason)
