"""One stream process on two exchanges: lines that fail, a market that goes, every socket cut at once."""

from __future__ import annotations

import json
import time
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest
from flask import Flask
from sqlalchemy import select

from server.config import Settings
from server.extensions import db
from server.market import follows
from server.market.streaming.states import StreamStates
from server.market.tables import CandleRow
from tests.exchange.running import RunningExchange, running_exchange
from tests.market.streaming.processes import listening, stream_process, wait_until
from tests.market.streaming.storm import INTERVAL, PLAYED, STEP, TICKER, stored, wait_for_equality

pytestmark = pytest.mark.xdist_group("servers")
ON_KRAKEN, TO_BE_DELISTED, UNKNOWN = "C000-USD", "C001-USD", "NONE-USD"


@pytest.fixture(scope="module")
def exchange() -> Iterator[RunningExchange]:
    """The local exchange with two more coins."""
    with running_exchange(*PLAYED, "--extra", "2") as running:
        yield running


@pytest.fixture
def stream_settings(stream_settings: Settings) -> Settings:
    """Binance first, then Kraken, which one coin has alone; a source is gone back to soon."""
    return replace(
        stream_settings,
        market_sources=["binance", "kraken"],
        market_source_of=[f"{ON_KRAKEN}=kraken"],
        stream_return_seconds=1.5,
    )


def marks(ticker: str) -> list[str]:
    """The sources of the stored candles, in order."""
    query = select(CandleRow.source).where(CandleRow.ticker == ticker).order_by(CandleRow.timestamp)
    with db.engine.connect() as connection:
        return list(connection.scalars(query))


def named_in(log: Path) -> set[str]:
    """The tickers that a log without a traceback says cannot be streamed."""
    text = log.read_text()
    assert "Traceback" not in text
    lines = [json.loads(line) for line in text.splitlines() if line.startswith("{")]
    return {line["ticker"] for line in lines if line["event"] == "series cannot be streamed"}


def test_series_go_to_the_next_source_and_back_and_what_is_gone_is_named(
    streamed: Flask, stream_settings: Settings, exchange: RunningExchange, log: Path
) -> None:
    for ticker in (TICKER, ON_KRAKEN, TO_BE_DELISTED, UNKNOWN):
        follows.follow(ticker, INTERVAL)
    told = StreamStates(stream_settings)

    def state(ticker: str) -> dict[str, str]:
        return next((each for each in told.payloads() if each["ticker"] == ticker), {})

    def newest_from(mark: str) -> bool:
        return marks(TICKER)[-1:] == [mark]

    with listening(stream_settings.redis_database(0)) as heard, stream_process(stream_settings, log):
        wait_until(lambda: all(map(stored, (TICKER, ON_KRAKEN, TO_BE_DELISTED))), 40, "the first candles")
        wait_until(lambda: state(TICKER).get("state") == "live", 10, "the state")
        assert newest_from("binance:BTC/USDT")
        assert set(marks(ON_KRAKEN)) == {"kraken"}

        exchange.fault("refuse", times=None, where="binance")
        assert exchange.drop("binance")
        wait_until(lambda: newest_from("kraken"), 30, "a candle of the next source")
        wait_until(lambda: state(TICKER)["state"] == "fallback", 10, "the state")
        assert state(TICKER)["source"] == "kraken"
        assert "binance" in state(TICKER)["reason"]

        exchange.calm()
        wait_until(lambda: newest_from("binance:BTC/USDT"), 40, "a candle of the first source")
        wait_until(lambda: state(TICKER)["state"] == "live", 10, "the state")

        exchange.delist("C001")
        exchange.delist("BTC", where="binance")
        wait_until(lambda: state(TO_BE_DELISTED).get("state") == "waiting", 40, "the delisted market")
        assert "halted or delisted" in state(TO_BE_DELISTED)["reason"]
        assert "lists no market" in state(UNKNOWN)["reason"]
        wait_until(lambda: newest_from("kraken"), 40, "a candle of the source that trades it still")
        wait_until(lambda: state(TICKER).get("state") == "fallback", 20, "the state")
        shown = streamed.test_client().get("/health/detailed").json["streams"]  # type: ignore[index]
        moved = next(each for each in shown if each["ticker"] == TICKER)
        assert (moved["state"], moved["source"]) == ("fallback", "kraken")
        assert "halted or delisted" in moved["reason"]

        for _ in range(5):
            exchange.drop()
            time.sleep(0.3)
        until = exchange.state()["now"]
        for ticker in (TICKER, ON_KRAKEN):
            wait_for_equality(until, 40, [log], ticker)
        assert (until - min(stored())) / STEP > 5
        wait_until(lambda: TO_BE_DELISTED in named_in(log), 40, "the end of the search for another source")
    assert named_in(log) == {TO_BE_DELISTED, UNKNOWN}
    for ticker in (TICKER, ON_KRAKEN):
        numbers = [update["seq"] for update in heard.updates(ticker, INTERVAL)]
        assert numbers == sorted(set(numbers)), "numbers of a room rise, also from source to source"
