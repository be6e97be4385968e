"""Backfills and schedules by ``flask market``."""

from __future__ import annotations

import signal
from collections.abc import Callable
from typing import Any

import pytest
from click.testing import Result

from server.market import follows, jobs
from server.market.backfilling import Backfills, ask_for
from server.market.sources.contract import Page
from tests.exchange.running import RunningExchange
from tests.market.backfilled import HOUR, NOON, SERIES, equals_the_source, hours_ago

pytestmark = pytest.mark.usefixtures("database")


def test_the_command_backfills_here_and_now(command: Callable[..., Result]) -> None:
    result = command("backfill", "BTC-USD", "--since", hours_ago(400).isoformat())
    assert result.exit_code == 0, result.output
    assert "400 candles new or changed from coinbase" in result.output
    assert equals_the_source("BTC-USD", NOON - 400 * HOUR, NOON)
    assert "COMPLETED" in command("jobs").output


@pytest.mark.parametrize(
    ("words", "sentence"),
    [
        (("DOGE-USD", "--since", "2018-06-01"), "lists no market for DOGE-USD"),
        (("BTC-USD", "--since", "yesterday"), "must be an ISO 8601 time or date"),
        (("BTC-USD", "--since", "2990-01-01"), "must be before now"),
        (("btc", "--since", "2018-01-01"), "BASE-QUOTE"),
    ],
)
def test_the_command_names_what_is_wrong(
    command: Callable[..., Result], words: tuple[str, ...], sentence: str
) -> None:
    result = command("backfill", *words)
    assert result.exit_code != 0
    assert sentence in " ".join(result.output.split())


@pytest.fixture
def interrupted(backfills: Backfills, monkeypatch: pytest.MonkeyPatch) -> Callable[[int], None]:
    """Makes Coinbase's second page come with as many interrupts."""
    coinbase = backfills.sources.of("coinbase")
    ask: Callable[..., Page] = coinbase.fetch_candles
    asked: list[Any] = []

    def arrange(interrupts: int) -> None:
        def interrupt(*question: Any) -> Page:
            asked.append(question)
            for _ in range(interrupts if len(asked) == 2 else 0):
                signal.raise_signal(signal.SIGINT)
            return ask(*question)

        monkeypatch.setattr(coinbase, "fetch_candles", interrupt)

    return arrange


def test_ctrl_c_ends_it_after_its_page_and_the_same_command_goes_on(
    command: Callable[..., Result], interrupted: Callable[[int], None]
) -> None:
    words = ("backfill", "BTC-USD", "--since", hours_ago(900).isoformat())
    interrupted(1)
    ended = command(*words)
    assert ended.exit_code == 130, "what stands behind && does not run"
    assert "ends after its present page" in ended.output
    assert "CANCELLED, 600 candles new or changed" in ended.output
    assert "goes on where this ended" in ended.output
    again = command(*words)
    assert again.exit_code == 0, again.output
    assert "COMPLETED, 300 candles new or changed" in again.output


def test_a_second_ctrl_c_ends_it_at_once_and_no_worker_goes_on(
    command: Callable[..., Result], interrupted: Callable[[int], None]
) -> None:
    before = signal.getsignal(signal.SIGINT)
    interrupted(2)
    ended = command("backfill", "BTC-USD", "--since", hours_ago(900).isoformat())
    assert ended.exit_code != 0
    (job,) = jobs.listing()
    assert job.cancel_requested
    assert signal.getsignal(signal.SIGINT) is before


def test_a_waiting_backfill_is_cancelled_by_command(
    command: Callable[..., Result], backfills: Backfills
) -> None:
    job = ask_for(backfills.jobs, *SERIES, hours_ago(10))
    assert "BTC-USD 1h is cancelled" in command("cancel", job.id).output
    again = command("cancel", job.id)
    assert (again.exit_code, "has ended already: CANCELLED" in again.output) == (1, True)
    assert "There is no market job x" in command("cancel", "x").output


def test_the_command_names_the_source_that_failed(
    command: Callable[..., Result], exchange: RunningExchange
) -> None:
    exchange.fault("status", where="candles", times=None, status=403)
    result = command("backfill", "BTC-USD", "--since", hours_ago(10).isoformat())
    assert "10 candles new or changed from kraken (coinbase failed)" in result.output


def test_the_command_lists_and_runs_schedules(
    command: Callable[..., Result], exchange: RunningExchange, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("COLUMNS", "200")
    assert '"prices": 0' in command("schedules", "--run", "prices").output
    assert "prices: 0, missing: 0" in command("schedules").output
    assert command("schedules", "--run", "nothing").exit_code == 1
    follows.follow(*SERIES)
    exchange.fault("status", times=None, status=404)
    assert command("schedules", "--run", "prices").exit_code == 1
    listed = " ".join(command("schedules").output.split())
    assert "FAILED" in listed
    assert "No source has prices of" in listed
    assert command("schedules", "--run", "history").exit_code == 0
    assert "series: 1 (1 failed)" in command("schedules").output


def test_the_command_shows_what_is_known_of_a_coin(command: Callable[..., Result]) -> None:
    shown = command("coin", "bitcoin").output
    for words in ("Bitcoin (bitcoin)", "symbol: BTC", "since: 2009-01-03", "Layer 1 (L1)", "is a coin."):
        assert words in shown
    unknown = command("coin", "nonsense")
    assert unknown.exit_code == 1
    assert "knows no coin 'nonsense'" in unknown.output
