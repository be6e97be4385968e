"""Backfills by the running product: a worker that is killed, and the sample brought up to the present."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from server.local.catching_up import OFFLINE, catch_up
from server.local.postgres import EmbeddedPostgres
from server.market.candles import iso_time
from tests.candles import sample_candles
from tests.exchange.running import RunningExchange, running_exchange
from tests.market.backfilled import NOON
from tests.stack import Stack, running_stack

pytestmark = [pytest.mark.xdist_group("servers"), pytest.mark.timeout(240)]
SINCE = NOON - 4000 * 3600


@pytest.fixture(scope="module")
def own_exchange() -> Iterator[RunningExchange]:
    """A local exchange with a coin that the shipped sample does not have; it stands at noon."""
    with running_exchange("--sample", "--extra", "1") as exchange:
        exchange.set_clock(now=NOON, speed=0)
        yield exchange


@pytest.fixture(scope="module")
def stack(servers_folder: Path, postgres: EmbeddedPostgres, own_exchange: RunningExchange) -> Iterator[Stack]:
    """The product beside the local exchange, which it asks twice a second."""
    settings: dict[str, Any] = {
        "exchange_urls": [f"coinbase={own_exchange.url}"],
        "market_sources": ["coinbase"],
        "market_rates": ["coinbase=2 per second"],
        "market_job_lease_seconds": 3.0,
        "source_failures": 1,
        "source_pause_seconds": 1.0,
    }
    with running_stack(servers_folder / "backfills", postgres, "backfills", **settings) as started:
        started.wait_for_worker("market")
        yield started


def job_of(stack: Stack, job_id: str) -> dict[str, Any]:
    found: dict[str, Any] = stack.call("GET", f"/api/v1/market/jobs/{job_id}")
    return found


def stored(stack: Stack) -> list[dict[str, Any]]:
    path = "/api/v1/market/candles?ticker=C000-USD&interval=1h&limit=10000"
    found: list[dict[str, Any]] = stack.call("GET", path)["candles"]
    return found


def test_a_killed_workers_backfill_is_ended_by_another_and_the_store_equals_the_source(
    stack: Stack, own_exchange: RunningExchange
) -> None:
    body = {"ticker": "C000-USD", "interval": "1h", "since": iso_time(SINCE)}
    job_id = stack.call("POST", "/api/v1/market/backfill", body)["job_id"]
    stack.wait_until(lambda: job_of(stack, job_id)["counts"].get("stored", 0) > 0, 60)
    stack.kill_service("market")
    killed, before = job_of(stack, job_id), stored(stack)
    assert (killed["status"], killed["counts"]["pages"] > 2) == ("IN_PROGRESS", True)
    assert 0 < len(before) < 4000
    own_exchange.forget_calls()
    stack.start_service("market")
    stack.wait_until(lambda: job_of(stack, job_id)["status"] == "COMPLETED", 120)
    sample = sample_candles()
    first, end = np.searchsorted(sample.timestamp, [SINCE, NOON])
    assert [candle["close"] for candle in stored(stack)] == sample.close[first:end].tolist()
    assert len(own_exchange.calls("/candles")) <= (4000 - len(before)) / 300 + 2


def test_the_sample_is_brought_up_to_the_present_in_silence(stack: Stack) -> None:
    told: list[str] = []
    thread = catch_up(replace(stack.settings, market_backfill_on_start=True), told.append)
    assert thread is not None
    thread.join(120)
    assert not thread.is_alive()
    assert told == []


def test_without_an_exchange_it_is_said_once_that_the_sample_is_all(
    stack: Stack, own_exchange: RunningExchange
) -> None:
    own_exchange.fault("cut", times=None)
    told: list[str] = []
    thread = catch_up(stack.settings, told.append)
    assert thread is not None
    thread.join(120)
    assert told == [OFFLINE]


def test_the_setting_leaves_the_sample_as_it_is(stack: Stack) -> None:
    assert catch_up(replace(stack.settings, market_backfill_on_start=False), print) is None
