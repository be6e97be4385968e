"""Which source a series comes from when its own refuses it, and why, told to everyone."""

from __future__ import annotations

import asyncio
import gc
from collections.abc import AsyncIterator, Callable, Iterator, Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from typing import cast

import pytest

from server.errors import ServerError
from server.market.follows import Pair
from server.market.sources.contract import (
    NOT_OFFERED,
    Listing,
    LiveCandle,
    MarketInactive,
    SeriesRefused,
    Source,
    SourceError,
)
from server.market.sources.order import NoSource, Sources
from server.market.streaming.placement import Placement
from server.market.streaming.series import LiveSeries, Trouble
from server.market.streaming.states import SeriesState

PAIR = ("BTC-USD", "1m")
NAMES = ("binance", "kraken")
DELISTED = MarketInactive("BTC-USD is halted or delisted at binance", source="binance")


@dataclass
class Exchange:
    """Lists the series, or raises ``unlisted``; its line sends one candle, or raises ``refusal``."""

    name: str
    unlisted: ServerError | None = None
    refusal: SourceError | None = None
    follows: int = 0

    def require(self, ticker: str, interval: str, since: int | None = None) -> Listing:
        if self.unlisted is not None:
            raise self.unlisted
        return Listing(ticker, ticker, self.name)

    async def __aenter__(self) -> Exchange:
        return self

    async def __aexit__(self, *failure: object) -> None:
        return None

    async def follow(self, ticker: str, interval: str) -> Listing:
        self.follows += 1
        return self.require(ticker, interval)

    async def leave(self, ticker: str, interval: str) -> None:
        return None

    async def __aiter__(self) -> AsyncIterator[LiveCandle]:
        if self.refusal is not None:
            raise self.refusal
        yield LiveCandle(*PAIR, self.name, (60, 10.0, 11.0, 9.0, 10.0, 1.0), closed=False, sure=False)
        await asyncio.Event().wait()


@dataclass
class Market:
    """The sources, in the order of ``NAMES``."""

    by_name: dict[str, Exchange] = field(default_factory=lambda: {name: Exchange(name) for name in NAMES})

    def names(self, ticker: str) -> tuple[str, ...]:
        return NAMES

    def exchanges(self) -> tuple[str, ...]:
        return NAMES

    def states(self) -> list[object]:
        return []

    def of(self, name: str) -> Exchange:
        return self.by_name[name]

    def stream(self, name: str) -> Exchange:
        return self.by_name[name]

    def choose(
        self, ticker: str, interval: str, since: int | None, failed: Mapping[str, ServerError]
    ) -> Exchange:
        reasons = dict(failed)
        for name in NAMES:
            try:
                if name not in reasons:
                    self.by_name[name].require(ticker, interval)
                    return self.by_name[name]
            except NOT_OFFERED as error:
                reasons[name] = error
        raise NoSource(f"{ticker} {interval}", reasons)


class Series:
    """A streamed series that checks nothing; ``delist`` is what its check would find."""

    def __init__(self, trouble: Trouble) -> None:
        self.delist = trouble.refused
        self.taken: list[LiveCandle] = []

    def opened(self) -> None:
        return None

    async def take(self, candle: LiveCandle) -> None:
        self.taken.append(candle)

    async def run(self) -> None:
        await asyncio.Event().wait()


def run(
    market: Market,
    until: Callable[[SeriesState], bool],
    act: Callable[[Series], None] | None = None,
    steady: float = 60.0,
) -> SeriesState:
    """The state of the series as soon as ``until`` holds of it; ``act`` once its first candle was taken."""

    def make_series(_: Pair, __: Source, trouble: Trouble) -> LiveSeries:
        return cast(LiveSeries, Series(trouble))

    found: list[SeriesState] = []

    async def stream() -> None:
        pending = act
        async with asyncio.timeout(20), asyncio.TaskGroup() as group:
            placement = Placement(cast(Sources, market), make_series, group, steady)
            while pending is not None or not (found and until(found[-1])):
                await placement.place([PAIR], lambda _: True)
                series = cast("Series | None", placement.series(PAIR))
                if pending is not None and series is not None and series.taken:
                    pending(series)
                    pending = None
                found.append(placement.states([PAIR])[0])
                await asyncio.sleep(0.005)
            raise _Over

    with suppress(_Over):
        try:
            asyncio.run(stream())
        except BaseExceptionGroup as group:
            raise group.exceptions[0] from None
    return found[-1]


class _Over(Exception):
    """Ends what a group of tasks would do for ever."""


def on_kraken(state: SeriesState) -> bool:
    return state.source == "kraken"


def test_a_market_that_one_source_delists_is_streamed_from_the_next_and_everyone_sees_why() -> None:
    market = Market()

    def delist(series: Series) -> None:
        market.of("binance").unlisted = DELISTED
        series.delist(DELISTED)

    state = run(market, on_kraken, delist)
    assert (state.state, state.preferred, state.reason) == ("fallback", "binance", DELISTED.message)


def test_why_the_first_source_has_no_such_market_is_known_from_the_start() -> None:
    market = Market()
    market.of("binance").unlisted = DELISTED
    state = run(market, lambda each: on_kraken(each) and each.reason is not None)
    assert (state.state, state.reason) == ("fallback", DELISTED.message)


def test_a_series_that_is_listed_but_refused_on_the_line_goes_to_the_next_source() -> None:
    market = Market()
    market.of("binance").refusal = SeriesRefused("no such stream", source="binance", pair=PAIR)
    state = run(market, on_kraken)
    assert (state.state, state.reason) == ("fallback", "no such stream")


def test_a_series_refused_on_the_line_does_not_open_it_again_and_again() -> None:
    """It would cost the other series of the line their connection every time."""
    market = Market()
    for name in NAMES:
        market.of(name).refusal = SeriesRefused("no such stream", source=name, pair=PAIR)
    state = run(market, lambda each: (each.reason or "").startswith("No source has"), steady=0.0)
    assert state.state == "waiting"
    assert [market.of(name).follows for name in NAMES] == [1, 1]


def test_a_series_does_not_go_back_to_a_source_that_has_just_refused_it() -> None:
    market = Market()
    market.of("binance").refusal = SeriesRefused("no such stream", source="binance", pair=PAIR)
    rounds: list[SeriesState] = []

    def for_some_rounds(state: SeriesState) -> bool:
        rounds.extend([state] if on_kraken(state) else [])
        return len(rounds) > 20

    run(market, for_some_rounds, steady=0.0)
    assert market.of("binance").follows == 1


@pytest.fixture
def nothing_frozen() -> Iterator[None]:
    gc.unfreeze()
    yield
    gc.unfreeze()


@pytest.mark.usefixtures("nothing_frozen")
def test_what_is_loaded_at_the_first_candle_is_never_looked_through_for_garbage_again() -> None:
    loaded = len(gc.get_objects())
    run(Market(), lambda _: True, act=lambda _: None)
    assert gc.get_freeze_count() > loaded / 2
