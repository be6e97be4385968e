"""After faults of every kind, a lost database and a killed process, the store equals the source exactly."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from flask import Flask

from server.config import Settings
from server.local import processes
from server.local.postgres import EmbeddedPostgres
from server.market import follows
from tests.exchange.running import RunningExchange, running_exchange
from tests.market.streaming.processes import database_away, listening, stream_process, wait_until
from tests.market.streaming.storm import (
    INTERVAL,
    PLAYED,
    STEP,
    TICKERS,
    Storm,
    stored,
    wait_for_equality,
)

pytestmark = pytest.mark.xdist_group("servers")


@pytest.fixture(scope="module")
def exchange() -> Iterator[RunningExchange]:
    """The local exchange with a coin for each dialect."""
    with running_exchange(*PLAYED, "--extra", "2") as running:
        yield running


def test_after_random_faults_in_every_dialect_the_store_equals_the_source_exactly(
    streamed: Flask,
    stream_settings: Settings,
    exchange: RunningExchange,
    postgres: EmbeddedPostgres,
    log: Path,
    tmp_path: Path,
) -> None:
    for ticker in TICKERS.values():
        follows.follow(ticker, INTERVAL)
    name = stream_settings.database_url.rpartition("/")[2]
    second_log = tmp_path / "second.log"
    storm = Storm(exchange, seed=4)
    with listening(stream_settings.redis_database(0)) as heard, stream_process(stream_settings, log) as first:
        wait_until(
            lambda: all(len(stored(ticker)) > 3 for ticker in TICKERS.values()), 40, "the first candles"
        )
        began = exchange.state()["now"]
        storm.blow(6)
        with stream_process(stream_settings, second_log):
            with database_away(postgres.url, name):
                storm.blow(3)
            storm.blow(3)
            processes.kill_group(first.pid)
            storm.blow(6)
            until = exchange.state()["now"]
            for ticker in TICKERS.values():
                wait_for_equality(until, 60, [log, second_log], ticker)
        assert (until - began) / STEP > 17
    assert min(storm.faults.values()) > 10, storm.faults
    assert "Traceback" not in log.read_text() + second_log.read_text()
    for ticker in TICKERS.values():
        numbers = [update["seq"] for update in heard.updates(ticker, INTERVAL)]
        assert numbers == sorted(set(numbers)), "numbers of a room rise, also from process to process"
