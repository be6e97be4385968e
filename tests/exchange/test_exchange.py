"""The local exchange itself: its clock, its tapes and its command line."""

from __future__ import annotations

import time

import numpy as np
import pytest

from tests.exchange.__main__ import MINUTES_FILE, market_of, options_of
from tests.exchange.clock import ExchangeClock
from tests.exchange.faults import Faults
from tests.exchange.tape import Tape, shifted

START = 1_600_000_200
ROWS = np.array([[START + 60 * n, 10 + n, 12 + n, 9 + n, 11 + n, 4.0] for n in range(10)])


@pytest.fixture
def tape() -> Tape:
    return Tape(ROWS, 60)


def test_closed_candles_are_those_recorded_and_the_open_one_has_what_was_traded(tape: Tape) -> None:
    first, growing = tape.candles(60, START, START + 600, START + 60 + 30)
    assert first == tuple(ROWS[0])
    assert growing == (START + 60, 11.0, 13.0, 10.0, 13.0, 3.0), "open, low and high were traded"


def test_an_open_candle_grows_to_the_recorded_one(tape: Tape) -> None:
    volumes = [tape.candle_at(60, START + second)[5] for second in range(60)]  # type: ignore[index]
    assert volumes == sorted(volumes)
    assert tape.candle_at(60, START + 59.99) == tuple(ROWS[0])


def test_coarser_candles_are_made_of_the_recorded_ones(tape: Tape) -> None:
    aligned = shifted(tape, -START % 300)
    (five, rest) = aligned.candles(300, 0, 1e12, aligned.first + 310)
    assert five == (aligned.first, 10.0, 16.0, 9.0, 15.0, 20.0)
    assert rest == (aligned.first + 300, 15.0, 15.0, 15.0, 15.0, 1.0)


def test_trades_and_endings_fall_into_one_beat_each(tape: Tape) -> None:
    beats = [(START + beat * 0.7, START + (beat + 1) * 0.7) for beat in range(-1, 900)]
    trades = [trade for beat in beats for trade in tape.trades(*beat)]
    assert trades == list(tape.trades(START - 1, START + 600))
    assert len(trades) == 40
    endings = [ending for beat in beats for ending in tape.endings(60, *beat)]
    assert [row[0] for _, row in endings] == tape.opens.tolist()


def test_the_clock_jumps_and_runs_at_its_speed() -> None:
    clock = ExchangeClock(1000.0, speed=0)
    assert clock.now() == 1000.0
    clock.set(now=5000.0, speed=1000)
    time.sleep(0.05)
    assert 5050 <= clock.now() < 6000
    clock.set(speed=0)
    assert clock.now() == clock.now()


def test_faults_come_as_often_as_they_were_ordered_and_where() -> None:
    faults = Faults()
    faults.add("cut", times=2, where="kraken")
    faults.add("slow", times=None)
    kinds = [
        fault.kind if (fault := faults.take({"cut", "slow"}, "api.kraken.com")) else "" for _ in range(4)
    ]
    assert kinds == ["cut", "cut", "slow", "slow"]
    faults.clear()
    assert faults.take({"slow"}, "") is None
    with pytest.raises(ValueError, match="no fault is called 'earthquake'"):
        faults.add("earthquake")


def test_a_live_exchange_plays_the_tape_as_if_it_were_now() -> None:
    market = market_of(options_of(["--sample", "--live", "--extra", "3"]))
    assert set(market.coins) == {"BTC", "ETH", "WAVES", "C000", "C001", "C002"}
    assert market.clock.now() == pytest.approx(time.time(), abs=5)
    tape = market.coins["BTC"].tape
    assert tape.first < time.time() < tape.last
    assert tape.first % 86_400 == 0, "the grid of every interval is kept"
    assert market.day("BTC")[4] > 0


@pytest.mark.skipif(not MINUTES_FILE.exists(), reason="the candles by the minute are not at hand")
def test_candles_by_the_minute_are_played_where_they_are_at_hand() -> None:
    market = market_of(options_of([]))
    tape = market.coins["BTC"].tape
    assert (tape.step, len(tape.rows)) == (60, 10_080)
    assert tape.offers(3600)
    assert not tape.offers(30)
