"""This machine's clock may be off by minutes: candles close by the exchange's, and the difference is seen."""

from __future__ import annotations

import time
from collections.abc import Callable

import pytest
from structlog.testing import capture_logs

from server.market.courtesy.breaker import source_states
from server.market.courtesy.skew import NOTED_EVERY_SECONDS, WARNED_SECONDS, ClockSkew
from server.market.sources.ccxt_rest import CcxtSource
from tests.exchange.running import RunningExchange
from tests.market.backfilled import HOUR, NOON


@pytest.mark.parametrize("minutes_into", [30.0, 59.9])
def test_an_exchange_closes_its_candles_by_its_own_clock(
    source_of: Callable[..., CcxtSource], exchange: RunningExchange, limits_url: str, minutes_into: float
) -> None:
    exchange.set_clock(now=NOON + minutes_into * 60, speed=0)
    with capture_logs() as logs:
        page = source_of("binance").fetch_candles("BTC-USD", "1h", NOON - 3 * HOUR)
    assert page.candles.timestamp[-1] == NOON - HOUR, "by this machine's clock it has closed long ago"
    (state,) = source_states(limits_url, ["binance"])
    assert state.clock_ahead == pytest.approx(NOON + minutes_into * 60 - time.time(), abs=5)
    (warned,) = [each for each in logs if each["event"].startswith("clocks differ")]
    assert warned["log_level"] == "warning"
    assert warned["behind_seconds"] == pytest.approx(state.clock_ahead, abs=5)


@pytest.mark.parametrize("minutes", [-7, 7])
def test_a_difference_is_warned_of_once_and_its_end_is_told(minutes: int) -> None:
    noted: list[float] = []
    skew = ClockSkew("kraken", noted.append, lambda: 0.0)
    with capture_logs() as logs:
        for ahead in (0.4, minutes * 60.0, minutes * 60.0 + 1, WARNED_SECONDS - 9, 0.2):
            skew.note(ahead)
    assert [each["log_level"] for each in logs] == ["warning", "info"]
    assert noted == [0.4, minutes * 60.0, WARNED_SECONDS - 9]


def test_an_agreeing_clock_is_noted_now_and_then() -> None:
    now, noted = [0.0], list[float]()
    skew = ClockSkew("kraken", noted.append, lambda: now[0])
    for _ in range(10):
        skew.note(0.3)
        now[0] += NOTED_EVERY_SECONDS / 4
    assert len(noted) == 3
