"""Live candles over real sockets: what arrives is what was recorded, and what breaks is named."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable, Iterable
from contextlib import suppress

import pytest

from server.market.sources.ccxt_rest import CcxtSource
from server.market.sources.ccxt_stream import CcxtStream
from server.market.sources.contract import (
    IntervalNotOffered,
    LiveCandle,
    MarketInactive,
    MarketUnknown,
    Row,
    SourceAnswerUnusable,
    SourceError,
    SourceUnreachable,
)
from tests.candles import sample_candles
from tests.exchange.running import RunningExchange
from tests.market.backfilled import NOON

HOUR = 3600
NAMES = ("binance", "kraken")
PATIENCE = 20.0
QUICK = 4 * 3600.0
"""Four hourly candles a second."""
SourceOf = Callable[..., CcxtSource]
Enough = Callable[[list[LiveCandle]], bool]


def recorded(opened: int, ticker: str = "BTC-USD") -> Row:
    """The sample's candle that opened at ``opened``."""
    sample = sample_candles(ticker)
    at = int(sample.timestamp.searchsorted(opened))
    names = ("open", "high", "low", "close", "volume")
    return (int(sample.timestamp[at]), *(float(getattr(sample, name)[at]) for name in names))  # type: ignore[return-value]


def closed(changes: Iterable[LiveCandle]) -> list[LiveCandle]:
    return [change for change in changes if change.closed]


def watch(
    source: CcxtSource,
    enough: Enough,
    pairs: Iterable[tuple[str, str]] = (("BTC-USD", "1h"),),
    meanwhile: Callable[[], object] = lambda: None,
    **stream: float,
) -> tuple[list[LiveCandle], SourceError | None]:
    """What a stream brings until it is ``enough``, or it fails: then also how."""

    async def follow() -> tuple[list[LiveCandle], SourceError | None]:
        found: list[LiveCandle] = []
        async with CcxtStream(source, **stream) as live:
            for pair in pairs:
                await live.follow(*pair)
            acting = asyncio.create_task(asyncio.to_thread(meanwhile))
            try:
                async with asyncio.timeout(PATIENCE):
                    async for change in live:
                        found.append(change)
                        if enough(found):
                            break
            except SourceError as error:
                return found, error
            finally:
                await acting
        return found, None

    return asyncio.run(follow())


@pytest.mark.parametrize("name", NAMES)
def test_ended_candles_arrive_as_they_were_recorded(
    source_of: SourceOf, exchange: RunningExchange, name: str
) -> None:
    exchange.set_clock(now=NOON - 60, speed=QUICK)
    changes, error = watch(source_of(name), lambda found: len(closed(found)) >= 8)
    assert error is None
    sure = [change for change in closed(changes) if change.sure]
    assert len(sure) >= 4
    for change in sure:
        assert change.row == pytest.approx(recorded(change.row[0]), rel=1e-12)
        assert change.source == ("binance:BTC/USDT" if name == "binance" else "kraken")
    opens = [change.row[0] for change in closed(changes)]
    assert opens == list(range(opens[0], opens[-1] + 1, HOUR))


@pytest.mark.parametrize("name", NAMES)
def test_the_candle_that_grows_is_shown_as_it_grows(
    source_of: SourceOf, exchange: RunningExchange, name: str
) -> None:
    exchange.set_clock(now=NOON - 60, speed=QUICK)
    changes, _ = watch(source_of(name), lambda found: len(closed(found)) >= 7)
    growing = [change.row for change in changes if not change.closed]
    last = growing[-1][0] - HOUR
    steps = [row for row in growing if row[0] == last]
    assert len(steps) >= 3
    assert [row[5] for row in steps] == sorted(row[5] for row in steps)
    assert all(row[1] == steps[0][1] for row in steps)


def test_series_of_one_ticker_and_of_many_do_not_mix(source_of: SourceOf, exchange: RunningExchange) -> None:
    pairs = [("BTC-USD", "1h"), ("ETH-USD", "1h"), ("BTC-USD", "4h")]
    exchange.set_clock(now=NOON - 60, speed=QUICK)

    def each_twice(found: list[LiveCandle]) -> bool:
        sure = [(change.ticker, change.interval) for change in closed(found) if change.sure]
        return all(sure.count(pair) >= 2 for pair in pairs)

    changes, error = watch(source_of("kraken"), each_twice, pairs)
    assert error is None
    for change in closed(changes):
        if change.interval == "1h" and change.sure:
            assert change.row == pytest.approx(recorded(change.row[0], change.ticker), rel=1e-12)
        assert change.row[0] % (HOUR if change.interval == "1h" else 4 * HOUR) == 0


def test_where_there_is_no_candle_channel_trades_make_candles_that_claim_nothing(
    source_of: SourceOf, exchange: RunningExchange
) -> None:
    exchange.set_clock(now=NOON - 60, speed=QUICK)
    changes, error = watch(source_of("coinbase"), lambda found: len(closed(found)) >= 3)
    assert error is None
    assert not any(change.sure for change in changes)
    last = closed(changes)[-1].row
    assert last == pytest.approx(recorded(last[0]), rel=1e-9), "all its trades came, after all"


@pytest.mark.parametrize("name", NAMES)
def test_a_dropped_socket_ends_the_stream_at_once(
    source_of: SourceOf, exchange: RunningExchange, name: str
) -> None:
    exchange.set_clock(now=NOON, speed=QUICK)

    def drop() -> None:
        deadline = time.monotonic() + PATIENCE
        while not exchange.state()["subscriptions"] and time.monotonic() < deadline:
            time.sleep(0.05)
        # In the midst of its frames: then ccxt may open it anew and not tell.
        time.sleep(0.5)
        assert exchange.drop()

    changes, error = watch(source_of(name), lambda found: False, meanwhile=drop)
    assert isinstance(error, SourceUnreachable), changes
    assert error.source == name


@pytest.mark.parametrize("cancels", [True, False])
def test_a_line_that_ccxt_would_open_anew_without_a_word_ends_the_stream(
    source_of: SourceOf, exchange: RunningExchange, cancels: bool
) -> None:
    source = source_of("binance")
    exchange.set_clock(now=NOON - 60, speed=QUICK)

    async def lose_the_line() -> None:
        async with asyncio.timeout(PATIENCE), CcxtStream(source) as live:
            await live.follow("BTC-USD", "1h")
            await anext(aiter(live))
            # What ccxt does when a line closes between two frames.
            _, client = live._exchanges["1h"].clients.popitem()
            if not cancels:
                client.futures.clear()
            await client.close()
            async for _ in live:
                pass

    with pytest.raises(SourceUnreachable, match="binance closed the connection"):
        asyncio.run(lose_the_line())


@pytest.mark.parametrize("name", [*NAMES, "coinbase"])
def test_a_silent_exchange_is_given_up(source_of: SourceOf, exchange: RunningExchange, name: str) -> None:
    exchange.set_clock(now=NOON, speed=QUICK)
    exchange.fault("silence", times=None)
    _, error = watch(source_of(name), lambda found: False, stale=0.6, doubt=0.2)
    assert isinstance(error, SourceUnreachable)
    assert "has been silent" in error.message


def test_a_candle_that_ended_in_a_silence_is_doubted(source_of: SourceOf, exchange: RunningExchange) -> None:
    exchange.set_clock(now=NOON - 60, speed=3600)

    def fall_silent() -> None:
        time.sleep(2.2)
        exchange.fault("silence", times=None)
        time.sleep(1.5)
        exchange.calm()

    def after_the_silence(found: list[LiveCandle]) -> bool:
        ends = closed(found)
        return any(not change.sure for change in ends[-3:-1]) and len(ends) > 3 and ends[-1].sure

    changes, error = watch(
        source_of("kraken"), after_the_silence, meanwhile=fall_silent, stale=10.0, doubt=0.4
    )
    assert error is None
    for change in closed(changes):
        if change.sure:
            assert change.row == pytest.approx(recorded(change.row[0]), rel=1e-12)


@pytest.mark.parametrize("name", NAMES)
@pytest.mark.parametrize("kind", ["wrong_price", "off_grid", "duplicate"])
def test_a_frame_that_cannot_be_used_spoils_no_candle_in_silence(
    source_of: SourceOf, exchange: RunningExchange, name: str, kind: str
) -> None:
    exchange.set_clock(now=NOON - 60, speed=QUICK)
    exchange.fault(kind, times=4, where="ws." if name == "kraken" else "stream.")
    changes, error = watch(source_of(name), lambda found: len(closed(found)) >= 8)
    assert error is None
    sure = [change for change in closed(changes) if change.sure]
    assert sure
    for change in sure:
        assert change.row == pytest.approx(recorded(change.row[0]), rel=1e-12)


@pytest.mark.parametrize("name", NAMES)
def test_a_frame_that_nobody_can_read_ends_the_stream(
    source_of: SourceOf, exchange: RunningExchange, name: str
) -> None:
    exchange.set_clock(now=NOON, speed=QUICK)
    exchange.fault("garbage")
    _, error = watch(source_of(name), lambda found: False, doubt=0.5)
    assert isinstance(error, SourceAnswerUnusable)


@pytest.mark.parametrize("name", NAMES)
def test_a_refused_socket_is_an_unreachable_source(
    source_of: SourceOf, exchange: RunningExchange, name: str
) -> None:
    exchange.fault("refuse", times=None)
    _, error = watch(source_of(name), lambda found: False)
    assert isinstance(error, SourceUnreachable)


@pytest.mark.parametrize(
    ("pair", "expected"),
    [
        (("DOGE-USD", "1h"), MarketUnknown),
        (("WAVES-USD", "1h"), MarketInactive),
        (("BTC-USD", "4h"), IntervalNotOffered),
    ],
)
def test_what_cannot_be_followed_is_named_and_opens_no_socket(
    source_of: SourceOf, exchange: RunningExchange, pair: tuple[str, str], expected: type[Exception]
) -> None:
    with pytest.raises(expected):
        watch(source_of("coinbase"), lambda found: True, [pair])
    assert exchange.state()["sockets"] == 0


def test_leaving_ends_one_series_and_closing_every_connection(
    source_of: SourceOf, exchange: RunningExchange
) -> None:
    source = source_of("binance")
    exchange.set_clock(now=NOON - 60, speed=QUICK)

    async def leave() -> set[str]:
        async with CcxtStream(source) as live:
            await live.follow("BTC-USD", "1h")
            await live.follow("ETH-USD", "1h")
            async for change in live:
                if change.ticker == "ETH-USD":
                    break
            await live.leave("ETH-USD", "1h")
            later: set[str] = set()
            with suppress(TimeoutError):
                async with asyncio.timeout(1.5):
                    async for change in live:
                        later.add(change.ticker)
            return later

    assert asyncio.run(leave()) == {"BTC-USD"}
    deadline = time.monotonic() + PATIENCE
    while exchange.state()["sockets"] and time.monotonic() < deadline:
        time.sleep(0.05)
    assert exchange.state()["sockets"] == 0
