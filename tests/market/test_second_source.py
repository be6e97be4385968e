"""Stored closes beside those of a second exchange."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import closing
from dataclasses import replace
from typing import Any

import numpy as np
import pytest
from redis.exceptions import ConnectionError as RedisConnectionError

from server.config import Settings
from server.market import quality, store
from server.market.backfilling import Backfills, ask_for
from server.market.courtesy.calling import Courtesy
from server.market.jobs import Jobs
from server.market.second_source import compare
from server.market.sources.contract import Page, SourceRefused
from server.market.sources.order import Sources
from server.market.tables import COMPLETED
from server.market.upkeep import audit_series
from tests.exchange.running import RunningExchange
from tests.market.backfilled import SERIES, Told, hours_ago
from tests.market.flagged import flags, newest
from tests.market.test_quality_checks import times_ten

pytestmark = pytest.mark.usefixtures("database")


@pytest.fixture
def compared(market_settings: Settings) -> Settings:
    """Settings under which everything is compared with Kraken."""
    return replace(
        market_settings,
        market_second_source_of=["*=kraken"],
        source_patience_seconds=0.1,
        source_failures=1000,
    )


@pytest.fixture
def sources(compared: Settings) -> Iterator[Sources]:
    with closing(Sources(compared)) as made:
        yield made


def test_closes_far_from_a_second_exchanges_are_flagged(sources: Sources, compared: Settings) -> None:
    wrong = newest(200)
    factor = np.ones(200)
    factor[150], factor[20] = 1.05, 1.05
    prices = {name: getattr(wrong, name) * factor for name in ("open", "high", "low", "close")}
    store.upsert(*SERIES, "coinbase", replace(wrong, **prices))
    result = compare(*SERIES, sources, compared)
    assert result is not None
    assert (result["source"], result["candles"], result["beyond"]) == ("kraken", 100, 1)
    assert (result["median"], result["largest"]) == (0.0, pytest.approx(0.05))
    deviating = [each for each in flags() if each[1] == "deviates"]
    assert deviating == [(int(wrong.timestamp[150]), "deviates", pytest.approx(0.05))]
    assert quality.report(*SERIES)["flags"]["counts"]["deviates"] == 1
    # What was said of the candle does not hold for the one that replaces it.
    store.upsert(*SERIES, "coinbase", newest(200)[150:151])
    assert quality.report(*SERIES)["flags"]["counts"]["deviates"] == 0


def test_a_candle_that_is_corrected_meanwhile_is_compared_as_it_is_then(
    sources: Sources, compared: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    store.upsert(*SERIES, "coinbase", times_ten(newest(50), 30))
    kraken = sources.of("kraken")
    ask: Callable[..., Page] = kraken.fetch_candles

    def correct_and_ask(*question: Any) -> Page:
        store.upsert(*SERIES, "coinbase", newest(50))
        return ask(*question)

    monkeypatch.setattr(kraken, "fetch_candles", correct_and_ask)
    result = compare(*SERIES, sources, compared)
    assert result is not None
    assert (result["candles"], result["beyond"]) == (50, 0)
    assert [each for each in flags() if each[1] == "deviates"] == []


def test_nothing_is_compared_with_itself_nor_where_nothing_was_traded(
    sources: Sources, compared: Settings, exchange: RunningExchange
) -> None:
    store.upsert(*SERIES, "kraken", newest(50))
    store.upsert(*SERIES, "coinbase:flat", newest(10))
    assert compare(*SERIES, sources, compared) is None
    assert quality.report(*SERIES)["comparison"] is None
    assert exchange.calls("OHLC") == []


def test_a_second_exchange_that_fails_leaves_the_last_comparison(
    sources: Sources, compared: Settings, exchange: RunningExchange
) -> None:
    store.upsert(*SERIES, "coinbase", newest(50))
    before = compare(*SERIES, sources, compared)
    exchange.fault("status", where="OHLC", times=None, status=403)
    with pytest.raises(SourceRefused):
        compare(*SERIES, sources, compared)
    assert quality.report(*SERIES)["comparison"] == before


def test_a_backfill_is_compared_when_it_is_complete(
    sources: Sources, compared: Settings, exchange: RunningExchange
) -> None:
    backfills = Backfills(Jobs(Told()), sources, compared)
    job = ask_for(backfills.jobs, *SERIES, hours_ago(40))
    exchange.fault("status", where="OHLC", times=None, status=404)
    ended = backfills.run(job.id, "a worker")
    assert ended is not None
    assert ended.status == COMPLETED, "what was fetched counts, compared or not"
    assert quality.report(*SERIES)["comparison"] is None
    exchange.calm()
    job = ask_for(backfills.jobs, *SERIES, hours_ago(60))
    backfills.run(job.id, "a worker")
    assert quality.report(*SERIES)["comparison"]["candles"] == 60


class WithoutASecond(Sources):
    """Redis goes away when the second exchange is to be asked."""

    def courtesy(self, name: str) -> Courtesy:
        if name == "kraken":
            raise RedisConnectionError("connection refused")
        return super().courtesy(name)


def test_a_backfill_or_an_audit_that_nobody_can_compare_is_complete_all_the_same(compared: Settings) -> None:
    with closing(WithoutASecond(compared)) as sources:
        backfills = Backfills(Jobs(Told()), sources, compared)
        ended = backfills.run(ask_for(backfills.jobs, *SERIES, hours_ago(40)).id, "a worker")
        audited = audit_series(backfills, "a worker")["series"]["BTC-USD 1h"]
    assert ended is not None
    assert (ended.status, ended.counts["stored"]) == (COMPLETED, 40)
    assert (audited["rows"], "Redis" in audited["not_compared"]) == (40, True)
    assert quality.report(*SERIES)["comparison"] is None
