"""A streamed series: sure candles are stored, doubtful ones asked for, trouble told to who can help."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Mapping, Set
from dataclasses import dataclass, field
from typing import Any

import pytest

from server.market.sources.contract import (
    HistoryNotOffered,
    LiveCandle,
    MarketInactive,
    Row,
    SourcePaused,
    SourceRefused,
    SourceUnreachable,
)
from server.market.streaming.buffer import CandleBuffer
from server.market.streaming.checks import Checked
from server.market.streaming.prices import RoomPrices
from server.market.streaming.series import LiveSeries, Trouble

PAIR = ("BTC-USD", "1m")


def row(opened: int) -> Row:
    return (opened, 10.0, 11.0, 9.0, 10.5, 1.0)


def candle(opened: int, *, closed: bool = False, sure: bool = False) -> LiveCandle:
    return LiveCandle(*PAIR, "kraken", row(opened), closed, sure)


@dataclass
class Source:
    """Answers checks as scripted, the last answer again and again, and notes how it was asked."""

    answers: list[Checked | Exception]
    asked: list[tuple[int | None, int | None, Set[int]]] = field(default_factory=list)

    async def check(self, since: int | None, present: int | None, missed: Set[int]) -> Checked:
        self.asked.append((since, present, missed))
        answer = self.answers.pop(0) if len(self.answers) > 1 else self.answers[0]
        if isinstance(answer, Exception):
            raise answer
        return answer


@dataclass
class Ran:
    """What came of a series."""

    series: LiveSeries | None = None
    waiting: int = 0
    deaf: int = 0
    refused: list[str] = field(default_factory=list)
    away: list[str] = field(default_factory=list)
    sent: list[Mapping[str, Any]] = field(default_factory=list)

    def publish(self, room: str, event: str, payload: Mapping[str, Any]) -> None:
        self.sent.append(payload)


def run(source: Source, *candles: LiveCandle, until: Callable[[Ran], bool], every: float = 30.0) -> Ran:
    ran = Ran()

    def note_deaf() -> None:
        ran.deaf += 1

    async def stream() -> None:
        async def never(_: object) -> set[tuple[str, str]]:
            raise AssertionError("nothing is written here")

        buffer = CandleBuffer(never)
        trouble = Trouble(
            note_deaf, lambda error: ran.refused.append(error.code), lambda error: ran.away.append(error.code)
        )
        prices = RoomPrices(ran, *PAIR, 1, asyncio.get_running_loop().call_later)
        series = ran.series = LiveSeries(PAIR, prices, buffer, source.check, every, trouble)
        running = asyncio.create_task(series.run())
        for each in candles:
            await series.take(each)
        async with asyncio.timeout(5):
            while not until(ran):
                await asyncio.sleep(0.001)
        ran.waiting = len(buffer)
        running.cancel()

    asyncio.run(stream())
    return ran


def test_a_sure_candle_is_stored_and_a_doubtful_one_asked_for() -> None:
    source = Source([Checked(180, newest=120)])
    ran = run(
        source,
        candle(60, closed=True, sure=True),
        candle(120, closed=True),
        until=lambda _: bool(source.asked),
    )
    assert ran.waiting == 1
    assert source.asked == [(None, None, frozenset())]


def test_the_first_frame_makes_up_for_what_came_before_it() -> None:
    source = Source([Checked(120, {60: row(60)}, newest=60)])
    ran = run(source, candle(120), until=lambda ran: len(ran.sent) == 2)
    assert source.asked == [(None, 120, frozenset())]
    assert [each["closed"] for each in ran.sent] == [False, True]


def test_what_one_check_missed_is_told_to_the_next() -> None:
    source = Source([Checked(60, newest=180, missing={120})])
    run(source, until=lambda _: len(source.asked) == 2, every=0.01)
    assert source.asked[1] == (60, None, {120})


def test_a_candle_that_is_written_after_it_was_checked_is_checked_again() -> None:
    """It waited for the database longer than the check did."""
    source = Source([Checked(600, newest=600)])

    def written_late(ran: Ran) -> bool:
        if len(source.asked) == 2 and ran.series is not None:
            ran.series.written(120)
        return len(source.asked) > 3

    run(source, until=written_late, every=0.01)
    assert [since for since, _, _ in source.asked][:2] == [None, 600]
    assert 120 in [since for since, _, _ in source.asked]


def test_a_candle_that_is_written_before_the_first_check_ends_is_checked_after_it() -> None:
    """Another process may have checked further than where the line begins."""
    source = Source([Checked(600, newest=600)])

    def written_early(ran: Ran) -> bool:
        if not source.asked and ran.series is not None:
            ran.series.written(120)
        return len(source.asked) == 3

    run(source, until=written_early, every=0.01)
    assert [since for since, _, _ in source.asked] == [None, 120, 600]


def test_a_line_that_sends_nothing_of_what_there_is_counts_as_deaf() -> None:
    source = Source([Checked(600, newest=600)])
    assert run(source, candle(120), until=lambda ran: ran.deaf > 0).deaf == 1


@pytest.mark.parametrize(
    ("error", "refused", "away"),
    [
        (MarketInactive("delisted"), ["market_inactive"], []),
        (SourcePaused("left alone", source="kraken", retry_after=9.0), [], ["source_paused"]),
        (SourceRefused("403", source="kraken"), [], ["source_refused"]),
        (SourceUnreachable("lost", source="kraken"), [], []),
        (HistoryNotOffered("too old", oldest=600), [], []),
    ],
)
def test_who_can_do_something_about_an_error_is_told(
    error: Exception, refused: list[str], away: list[str]
) -> None:
    source = Source([error])
    ran = run(source, candle(120), until=lambda _: bool(source.asked))
    assert (ran.refused, ran.away) == (refused, away)
