"""``flask market stream`` as it runs: what is followed is streamed, by one process at a time."""

from __future__ import annotations

import signal
from dataclasses import replace
from pathlib import Path

import pytest
from flask import Flask

from server.config import Settings
from server.local import processes
from server.local.processes import free_port
from server.market import follows
from tests.exchange.running import RunningExchange
from tests.market.streaming.processes import listening, stream_process, wait_until
from tests.market.streaming.storm import INTERVAL, TICKER, stored

pytestmark = pytest.mark.xdist_group("servers")
ETHER = "ETH-USD"


@pytest.mark.parametrize("name", ["kraken", "coinbase"])
def test_followed_series_are_picked_up_and_dropped_while_running(
    streamed: Flask, stream_settings: Settings, exchange: RunningExchange, log: Path, name: str
) -> None:
    settings = replace(stream_settings, market_sources=[name])
    with listening(settings.redis_database(0)) as heard, stream_process(settings, log) as process:
        wait_until(lambda: process.poll() is None and log.exists(), 10)
        assert not exchange.calls(), "with nothing to follow no exchange is asked"
        follows.follow(TICKER, INTERVAL)
        wait_until(lambda: any(each["closed"] for each in heard.updates(TICKER)), 30, "a closed candle")
        wait_until(lambda: any(not each["closed"] for each in heard.updates(TICKER)), 10, "a growing candle")
        assert stored()
        follows.unfollow(TICKER, INTERVAL)
        wait_until(lambda: not exchange.state()["subscriptions"], 15, "the end of the subscription")
    assert "Traceback" not in log.read_text()


def test_one_of_two_processes_streams_and_the_other_goes_on_when_it_dies(
    streamed: Flask, stream_settings: Settings, log: Path, tmp_path: Path
) -> None:
    follows.follow(TICKER, INTERVAL)
    second_log = tmp_path / "second.log"
    with stream_process(stream_settings, log) as first:
        wait_until(lambda: len(stored()) > 3, 30, "the first candle")
        with stream_process(stream_settings, second_log) as second:
            newest = max(stored())
            wait_until(lambda: max(stored()) > newest, 15, "the next candle")
            assert '"event": "streaming"' not in second_log.read_text()
            processes.kill_group(first.pid)
            wait_until(lambda: '"event": "streaming"' in second_log.read_text(), 20, "the takeover")
            newest = max(stored())
            wait_until(lambda: max(stored()) > newest, 15, "its candle")
            second.send_signal(signal.SIGTERM)
            assert second.wait(20) == 0


def test_without_an_exchange_it_says_so_once_and_waits(
    streamed: Flask, stream_settings: Settings, log: Path
) -> None:
    follows.follow(TICKER, INTERVAL)
    follows.follow(ETHER, "1h")
    nowhere = [f"binance=http://127.0.0.1:{free_port()}"]
    with stream_process(replace(stream_settings, exchange_urls=nowhere), log) as process:
        wait_until(lambda: log.exists() and "no live candles for now" in log.read_text(), 40, "the sentence")
        wait_until(lambda: log.read_text().count("left alone") > 1, 40, "the next attempt")
        assert log.read_text().count("no live candles for now") == 1
        process.send_signal(signal.SIGTERM)
        assert process.wait(20) == 0
    assert "Traceback" not in log.read_text()
