"""Candles at hand, played as if they arrived now."""

from __future__ import annotations

import asyncio

import numpy as np
import pytest

from server.market.sources.contract import IntervalNotOffered, LiveCandle, MarketUnknown
from server.market.sources.replay import Replay
from tests.candles import sample_candles

HOUR = 3600


class Clock:
    """Real seconds that pass when the test says so."""

    def __init__(self) -> None:
        self.seconds = 0.0

    def __call__(self) -> float:
        return self.seconds


def replay(rows: int = 2000, **more: object) -> Replay:
    return Replay(sample_candles()[:rows], "BTC-USD", "1h", "Bitfinex", **more)  # type: ignore[arg-type]


def test_what_has_ended_is_history_and_the_rest_is_not_there_yet() -> None:
    clock = Clock()
    source = replay(speed=60.0, clock=clock)
    first = int(sample_candles().timestamp[0])
    assert not len(source.fetch_candles("BTC-USD", "1h", first).candles)
    clock.seconds = 10 * 60.0
    page = source.fetch_candles("BTC-USD", "1h", first)
    np.testing.assert_array_equal(page.candles.timestamp, sample_candles().timestamp[:10])
    assert (page.source, page.next_since, page.exchange_time) == ("Bitfinex", None, first + 10 * HOUR)


def test_its_history_comes_in_pages_that_join() -> None:
    first = int(sample_candles().timestamp[0])
    source = replay(start=float(sample_candles().timestamp[1999] + HOUR))
    following: int | None = first
    times: list[int] = []
    while following is not None:
        page = source.fetch_candles("BTC-USD", "1h", following, int(sample_candles().timestamp[1990]))
        times += page.candles.timestamp.tolist()
        following = page.next_since
    assert times == sample_candles().timestamp[:1990].tolist()


def test_every_candle_is_shown_at_its_open_and_whole_at_its_end() -> None:
    sample = sample_candles()

    async def listen() -> list[LiveCandle]:
        async with replay(rows=20, speed=100 * HOUR) as stream:
            await stream.follow("BTC-USD", "1h")
            return [change async for change in stream]

    changes = asyncio.run(asyncio.wait_for(listen(), 20))
    assert [change.closed for change in changes] == [False, True] * 20
    for row, (grown, ended) in enumerate(zip(changes[::2], changes[1::2], strict=True)):
        assert grown.row[1:] == (sample.open[row],) * 4 + (0.0,)
        assert ended.sure
        assert ended.row == (
            sample.timestamp[row],
            *(getattr(sample, name)[row] for name in ("open", "high", "low", "close", "volume")),
        )


def test_the_last_price_is_the_open_while_a_candle_grows_and_its_close_after() -> None:
    clock, sample = Clock(), sample_candles()
    source = replay(rows=1, clock=clock)
    assert source.fetch_prices(["BTC-USD"])["BTC-USD"].price == sample.open[0]
    clock.seconds = float(HOUR)
    assert source.fetch_prices(["BTC-USD"])["BTC-USD"].price == sample.close[0]
    assert source.fetch_prices(["ETH-USD"]) == {}


def test_what_it_does_not_play_is_named() -> None:
    with pytest.raises(MarketUnknown, match="plays BTC-USD, not ETH-USD"):
        replay().fetch_candles("ETH-USD", "1h", 0)
    with pytest.raises(IntervalNotOffered, match="plays 1h, not 1m"):
        replay().fetch_candles("BTC-USD", "1m", 0)
