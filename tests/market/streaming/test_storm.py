"""After faults of every kind, a lost database and a killed process, the store equals the source exactly."""

from __future__ import annotations

from pathlib import Path

import pytest
from flask import Flask

from server.config import Settings
from server.local import processes
from server.local.postgres import EmbeddedPostgres
from server.market import follows
from tests.exchange.running import RunningExchange
from tests.market.streaming.processes import database_away, listening, stream_process, wait_until
from tests.market.streaming.storm import INTERVAL, STEP, TICKER, Storm, stored, wait_for_equality

pytestmark = pytest.mark.xdist_group("servers")


def test_after_random_faults_the_store_equals_the_source_exactly(
    streamed: Flask,
    stream_settings: Settings,
    exchange: RunningExchange,
    postgres: EmbeddedPostgres,
    log: Path,
    tmp_path: Path,
) -> None:
    follows.follow(TICKER, INTERVAL)
    name = stream_settings.database_url.rpartition("/")[2]
    second_log = tmp_path / "second.log"
    storm = Storm(exchange, seed=4)
    with listening(stream_settings.redis_database(0)) as heard, stream_process(stream_settings, log) as first:
        wait_until(lambda: len(stored()) > 3, 30, "the first candle")
        began = exchange.state()["now"]
        storm.blow(6)
        with stream_process(stream_settings, second_log):
            with database_away(postgres.url, name):
                storm.blow(3)
            storm.blow(3)
            processes.kill_group(first.pid)
            storm.blow(6)
            until = exchange.state()["now"]
            wait_for_equality(until, 40, [log, second_log])
        assert (until - began) / STEP > 17
    assert storm.faults > 30
    assert "Traceback" not in log.read_text() + (second_log).read_text()
    numbers = [update["seq"] for update in heard.updates(TICKER, INTERVAL)]
    assert numbers == sorted(set(numbers)), "numbers of a room rise, also from process to process"
