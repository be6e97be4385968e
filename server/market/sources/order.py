"""Which sources there are, and which of them is asked for what; each is made when it is first needed."""

from __future__ import annotations

import threading
from collections.abc import Iterable, Mapping
from dataclasses import asdict
from typing import TYPE_CHECKING, Any

from server.config import InvalidSettings, Settings
from server.errors import ServerError
from server.market.candles import require_ticker
from server.market.courtesy.breaker import (
    CLOSED,
    HALF_OPEN,
    OPEN,
    WAITING,
    Breaker,
    SourceState,
    source_states,
)
from server.market.courtesy.bucket import Bucket, require_rate
from server.market.sources.contract import NOT_OFFERED, Price, Source, SourceError, Stream
from server.observability.metrics import SOURCE_CLOCK, SOURCE_STATE, ByLabels

if TYPE_CHECKING:
    from server.market.courtesy.calling import Courtesy
    from server.market.sources.coingecko import CoinGeckoSource

COINGECKO = "coingecko"
ANY_TICKER = "*"
STATE_NUMBERS = {CLOSED: 0, WAITING: 1, HALF_OPEN: 2, OPEN: 3}
RATES = {
    "kraken": "1 per second",
    "coinbase": "8 per second",
    "binance": "15 per second",
    COINGECKO: "10 per minute",
}
"""Within what each allows without a key; Binance counts a page of candles twice of 6,000 a minute."""
DEFAULT_RATE = "2 per second"


class NoSource(SourceError):
    """No source can answer; ``reasons`` says of each why."""

    error_code = "no_source"

    def __init__(self, what: str, reasons: dict[str, ServerError]) -> None:
        sentences = "; ".join(f"{name}: {error.message}" for name, error in reasons.items())
        super().__init__(
            f"No source has {what}. {sentences or 'MARKET_SOURCES is empty'}",
            source=",".join(reasons),
            reasons={name: error.code for name, error in reasons.items()},
        )


class Sources:
    """The configured sources; thread safe.

    Made once a process. Raises :class:`InvalidSettings` for settings that name no such source.
    """

    def __init__(self, settings: Settings) -> None:
        self._settings = settings
        self._redis_url = settings.redis_database(1)
        self._rates = RATES | _assigned("MARKET_RATES", settings.market_rates)
        for name, rate in self._rates.items():
            require_rate(name, rate)
        self._urls = _assigned("EXCHANGE_URLS", settings.exchange_urls)
        self._chosen = _assigned("MARKET_SOURCE_OF", settings.market_source_of)
        self._second = _assigned("MARKET_SECOND_SOURCE_OF", settings.market_second_source_of)
        self._made: dict[str, Source] = {}
        self._lock = threading.Lock()

    def names(self, ticker: str) -> tuple[str, ...]:
        """The sources that are asked for a ticker, in order: the one chosen for it alone, or all."""
        require_ticker(ticker)
        return (self._chosen[ticker],) if ticker in self._chosen else tuple(self._settings.market_sources)

    def exchanges(self) -> tuple[str, ...]:
        """Every exchange that candles may come from."""
        return tuple(dict.fromkeys([*self._settings.market_sources, *self._chosen.values()]))

    def second(self, ticker: str) -> str | None:
        """The source that a ticker's candles are compared with; None: they are not."""
        return self._second.get(ticker) or self._second.get(ANY_TICKER)

    def of(self, name: str) -> Source:
        """The source ``name``. Only workers, commands and the stream process may ask: it loads ccxt."""
        # Imported here: the web process reads the order and the states, and never loads ccxt (120 MB).
        from server.market.sources.ccxt_rest import CcxtSource

        with self._lock:
            if name not in self._made:
                self._made[name] = CcxtSource(
                    name,
                    self.courtesy(name),
                    base_url=self._urls.get(name, ""),
                    timeout=self._settings.source_timeout_seconds,
                )
            return self._made[name]

    def choose(
        self,
        ticker: str,
        interval: str,
        since: int | None = None,
        failed: Mapping[str, ServerError] | None = None,
    ) -> Source:
        """The first source that has ``interval`` of ``ticker``, as far back as ``since`` (seconds, UTC).

        A series is fetched from one source: it is chosen once, not once a page. ``failed`` are those that
        were tried already. Raises :class:`NoSource`.
        """
        reasons = dict(failed or {})
        for name in self.names(ticker):
            if name in reasons:
                continue
            source = self.of(name)
            try:
                source.require(ticker, interval, since)
            except (SourceError, *NOT_OFFERED) as error:
                reasons[name] = error
            else:
                return source
        raise NoSource(f"{ticker} {interval}", reasons)

    def prices(self, tickers: Iterable[str]) -> dict[str, Price]:
        """The last price of each ticker, from the first source that has it; those that none has are missing.

        Raises :class:`NoSource` when no source could be asked at all.
        """
        wanted = dict.fromkeys(tickers)
        found: dict[str, Price] = {}
        reasons: dict[str, ServerError] = {}
        for name in dict.fromkeys(name for ticker in wanted for name in self.names(ticker)):
            missing = [ticker for ticker in wanted if ticker not in found and name in self.names(ticker)]
            if not missing:
                continue
            try:
                found |= self.of(name).fetch_prices(missing)
            except (SourceError, *NOT_OFFERED) as error:
                reasons[name] = error
        if wanted and not found and reasons:
            raise NoSource(f"prices of {', '.join(wanted)}", reasons)
        return found

    def stream(self, name: str) -> Stream:
        """A new stream of the source ``name``."""
        from server.market.sources.ccxt_rest import CcxtSource
        from server.market.sources.ccxt_stream import CcxtStream

        source = self.of(name)
        if not isinstance(source, CcxtSource):
            raise InvalidSettings(f"{name} has no live candles", variables=["MARKET_SOURCES"])
        return CcxtStream(
            source,
            stale=self._settings.stream_stale_seconds,
            doubt=self._settings.stream_doubt_seconds,
        )

    def coins(self) -> CoinGeckoSource:
        """CoinGecko. Only workers and commands may ask."""
        from server.market.sources.coingecko import CoinGeckoSource

        return CoinGeckoSource(
            self.courtesy(COINGECKO),
            base_url=self._urls.get(COINGECKO, ""),
            api_key=self._settings.coingecko_api_key,
            timeout=self._settings.source_timeout_seconds,
        )

    def courtesy(self, name: str) -> Courtesy:
        """The way the source ``name`` is called. Only workers, commands and the stream process may ask."""
        from server.market.courtesy.calling import Courtesy

        bucket = Bucket(self._redis_url, name, self._rates.get(name, DEFAULT_RATE))
        breaker = Breaker(
            self._redis_url,
            name,
            failures=self._settings.source_failures,
            pause=self._settings.source_pause_seconds,
        )
        return Courtesy(bucket, breaker, patience=self._settings.source_patience_seconds)

    def close(self) -> None:
        """Close the connections of all sources that were made; each is made anew when it is needed again."""
        with self._lock:
            for source in self._made.values():
                source.close()
            self._made.clear()

    def states(self) -> list[SourceState]:
        """How every configured source is doing, as all processes see it; loads none of them."""
        names = dict.fromkeys([*self.exchanges(), *self._second.values(), COINGECKO])
        return source_states(self._redis_url, names)

    def state_payloads(self) -> list[dict[str, Any]]:
        """The same as plain values."""
        return [asdict(state) for state in self.states()]

    def gauges(self) -> dict[str, ByLabels]:
        """The same as numbers for ``/metrics``."""
        states = self.states()
        ahead: ByLabels = {
            (each.source,): each.clock_ahead for each in states if each.clock_ahead is not None
        }
        return {
            SOURCE_STATE: {(each.source,): STATE_NUMBERS[each.state] for each in states},
            SOURCE_CLOCK: ahead,
        }


def _assigned(variable: str, entries: Iterable[str]) -> dict[str, str]:
    assigned: dict[str, str] = {}
    for entry in entries:
        name, sign, value = (part.strip() for part in entry.partition("="))
        if not (name and sign and value):
            raise InvalidSettings(
                f"Settings that cannot be used: {variable} has {entry!r}: write NAME=VALUE, NAME=VALUE",
                variables=[variable],
            )
        assigned[name] = value
    return assigned
