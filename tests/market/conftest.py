"""Candles, the local exchange (one a test process), and sources that ask it through a real Valkey."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import ExitStack, closing
from dataclasses import replace

import numpy as np
import pytest
from click.testing import Result
from flask import Flask
from redis import Redis

from server.config import Settings
from server.market.backfilling import Backfills
from server.market.candles import Candles
from server.market.commands import market
from server.market.courtesy.breaker import Breaker
from server.market.courtesy.bucket import Bucket
from server.market.courtesy.calling import Courtesy
from server.market.jobs import Jobs
from server.market.sources.ccxt_rest import CcxtSource
from server.market.sources.order import Sources
from tests.candles import sample_candles
from tests.exchange.running import RunningExchange, running_exchange
from tests.market.backfilled import HOUR, NOON, Told

START = 1_546_300_800  # 2019-01-01T00:00:00Z


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
    exchange_process.relist()
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


@pytest.fixture
def told() -> Told:
    return Told()


@pytest.fixture
def queue(settings: Settings) -> Iterator[Redis]:
    """The broker, whose market queue is empty at first."""
    with Redis.from_url(settings.redis_database(0)) as redis:
        redis.delete("market")
        yield redis
        redis.delete("market")


@pytest.fixture
def backfills(market_settings: Settings, told: Told) -> Iterator[Backfills]:
    """Backfills from the local exchange; a source that fails is asked once, and not left alone."""
    quick = replace(market_settings, source_patience_seconds=0.1, source_failures=1000)
    with closing(Sources(quick)) as sources:
        yield Backfills(Jobs(told), sources, quick)


@pytest.fixture
def command(app: Flask, backfills: Backfills, monkeypatch: pytest.MonkeyPatch) -> Callable[..., Result]:
    """``flask market ...`` against the local exchange."""
    monkeypatch.setitem(app.extensions, "market_sources", backfills.sources)
    monkeypatch.setitem(app.config, "SETTINGS", backfills.settings)
    runner = app.test_cli_runner()
    return lambda *words: runner.invoke(market, list(words))


@pytest.fixture
def jumpy() -> Candles:
    """A year of hours, some of which stand out."""
    return sample_candles()[8_000:16_000]
