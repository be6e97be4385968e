"""One process streams a ticker: whoever has its lease, until it lets go or is silent for too long."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, closing

import pytest
from hypothesis import HealthCheck, given
from hypothesis import settings as settings_of_examples
from hypothesis import strategies as st
from redis import Redis

from server.config import Settings
from server.market.streaming.leases import StreamLeases
from server.market.streaming.states import FALLBACK, LIVE, SeriesState, StreamStates
from server.observability.metrics import STREAMED_SERIES
from tests.market.streaming.processes import wait_until

TICKERS = st.sampled_from(["BTC-USD", "ETH-USD", "SOL-USD"])


@pytest.fixture
def leases(settings: Settings) -> Iterator[Callable[[float], StreamLeases]]:
    """Makes the leases of one more process."""
    url = settings.redis_database(1)
    with Redis.from_url(url) as redis:
        redis.flushdb()
    with ExitStack() as stack:
        yield lambda seconds: stack.enter_context(closing(StreamLeases(url, seconds)))


def test_a_ticker_is_held_by_one(leases: Callable[[float], StreamLeases]) -> None:
    first, second = leases(30), leases(30)
    assert first.hold({"BTC-USD", "ETH-USD"})[1] == {"BTC-USD", "ETH-USD"}
    assert second.hold({"BTC-USD", "SOL-USD"})[1] == {"SOL-USD"}
    assert first.hold({"BTC-USD", "SOL-USD"})[1] == {"BTC-USD"}
    assert first.hold(set())[1] == set()


def test_what_is_released_is_free_at_once(leases: Callable[[float], StreamLeases]) -> None:
    first, second = leases(30), leases(30)
    first.hold({"BTC-USD"})
    second.release({"BTC-USD"})
    assert second.hold({"BTC-USD"})[1] == set(), "another's lease cannot be released"
    first.release({"BTC-USD"})
    assert second.hold({"BTC-USD"})[1] == {"BTC-USD"}


def test_a_lease_that_is_not_renewed_runs_out(leases: Callable[[float], StreamLeases]) -> None:
    first, second = leases(0.5), leases(30)
    first.hold({"BTC-USD"})
    deadline = time.monotonic() + 0.8
    while time.monotonic() < deadline:
        assert first.hold({"BTC-USD"})[1] == {"BTC-USD"}
        assert second.hold({"BTC-USD"})[1] == set()
    wait_until(lambda: second.hold({"BTC-USD"})[1], 5, "the lease")


def test_time_is_that_of_redis_and_rises(leases: Callable[[float], StreamLeases]) -> None:
    first, _ = leases(30).hold(set())
    assert first == pytest.approx(time.time() * 1000, abs=5000)
    wait_until(lambda: leases(30).hold(set())[0] > first, 5, "a later millisecond")


def test_how_far_a_series_was_checked_is_known_to_the_next_process(
    leases: Callable[[float], StreamLeases],
) -> None:
    first, second = leases(30), leases(30)
    assert second.checked_until(("BTC-USD", "1m")) is None
    first.note_checked(("BTC-USD", "1m"), 1_600_000_020)
    assert second.checked_until(("BTC-USD", "1m")) == 1_600_000_020
    assert second.checked_until(("BTC-USD", "5m")) is None


def test_everyone_sees_how_each_process_streams_its_series(
    leases: Callable[[float], StreamLeases], settings: Settings
) -> None:
    first, second, told = leases(30), leases(0.5), StreamStates(settings)
    first.tell([SeriesState("ETH-USD", "1h", FALLBACK, "kraken", "coinbase", "coinbase was not reached")])
    second.tell([SeriesState("BTC-USD", "1m", LIVE, "coinbase", "coinbase", None)])
    assert [(each["ticker"], each["state"]) for each in told.payloads()] == [
        ("BTC-USD", LIVE),
        ("ETH-USD", FALLBACK),
    ]
    assert told.gauges() == {STREAMED_SERIES: {("coinbase", LIVE): 1, ("kraken", FALLBACK): 1}}
    wait_until(lambda: len(told.payloads()) == 1, 5, "the silence of the second process")


@settings_of_examples(
    max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(st.lists(st.tuples(st.integers(0, 2), st.booleans(), st.sets(TICKERS)), max_size=12))
def test_whatever_processes_take_and_release_a_ticker_has_one_holder(
    redis_url: str, steps: list[tuple[int, bool, set[str]]]
) -> None:
    with Redis.from_url(redis_url) as redis, ExitStack() as stack:
        redis.flushdb()
        processes = [stack.enter_context(closing(StreamLeases(redis_url, 30))) for _ in range(3)]
        owner: dict[str, int] = {}
        for number, takes, tickers in steps:
            if takes:
                held = processes[number].hold(tickers)[1]
                for ticker in tickers:
                    owner.setdefault(ticker, number)
                assert held == {ticker for ticker in tickers if owner[ticker] == number}
            else:
                processes[number].release(tickers)
                owner = {t: who for t, who in owner.items() if who != number or t not in tickers}
