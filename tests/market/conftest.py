"""Candles, the local exchange (one a test process), and sources that ask it through a real Valkey."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import ExitStack, closing
from dataclasses import replace

import numpy as np
import pytest
from redis import Redis

from server.config import Settings
from server.market.candles import Candles
from server.market.courtesy.breaker import Breaker
from server.market.courtesy.bucket import Bucket
from server.market.courtesy.calling import Courtesy
from server.market.sources.ccxt_rest import CcxtSource
from tests.exchange.running import RunningExchange, running_exchange

HOUR = 3600
START = 1_546_300_800  # 2019-01-01T00:00:00Z
NOON = 1_530_446_400
"""2018-07-01T12:00:00Z, in the middle of the sample."""


@pytest.fixture
def make_candles() -> Callable[..., Candles]:
    """Builds sound candles at the given opens (default: ``rows`` hours from 2019-01-01)."""

    def make(rows: int = 24, timestamp: list[int] | None = None, step: int = HOUR) -> Candles:
        times = np.array(timestamp) if timestamp is not None else START + step * np.arange(rows)
        walk = np.random.default_rng(7).normal(0, 0.01, len(times)).cumsum()
        close = 4000 * np.exp(walk)
        return Candles(times, close * 0.999, close * 1.01, close * 0.98, close, np.abs(walk) * 100)

    return make


@pytest.fixture(scope="session")
def exchange_process() -> Iterator[RunningExchange]:
    with running_exchange("--sample") as exchange:
        yield exchange


@pytest.fixture
def exchange(exchange_process: RunningExchange) -> RunningExchange:
    """The local exchange without a fault, its clock standing half an hour after noon."""
    exchange_process.calm()
    exchange_process.forget_calls()
    exchange_process.set_clock(now=NOON + 1800, speed=0)
    return exchange_process


@pytest.fixture
def limits_url(settings: Settings) -> str:
    """An empty database for buckets and breakers."""
    url = settings.redis_database(1)
    with Redis.from_url(url) as redis:
        redis.flushdb()
    return url


@pytest.fixture
def courtesy(limits_url: str) -> Iterator[Callable[..., Courtesy]]:
    """Makes the courtesy of a source, quick by default."""
    with ExitStack() as stack:

        def make(name: str, rate: str = "1000 per second", pause: float = 300.0, **more: object) -> Courtesy:
            made = Courtesy(
                Bucket(limits_url, name, rate),
                Breaker(limits_url, name, pause=pause),
                **{"first_pause": 0.01, **more},  # type: ignore[arg-type]
            )
            return stack.enter_context(closing(made))

        yield make


@pytest.fixture
def source_of(
    exchange: RunningExchange, courtesy: Callable[..., Courtesy]
) -> Iterator[Callable[..., CcxtSource]]:
    """Makes the source of an exchange by name."""
    with ExitStack() as stack:

        def make(name: str, timeout: float = 5.0, **more: object) -> CcxtSource:
            made = CcxtSource(name, courtesy(name, **more), base_url=exchange.url, timeout=timeout)
            return stack.enter_context(closing(made))

        yield make


@pytest.fixture
def market_settings(settings: Settings, exchange: RunningExchange, limits_url: str) -> Settings:
    """Settings under which every source is the local exchange."""
    names = ("coinbase", "kraken", "binance", "coingecko")
    return replace(
        settings,
        exchange_urls=[f"{name}={exchange.url}" for name in names],
        market_rates=[f"{name}=1000 per second" for name in names],
    )
