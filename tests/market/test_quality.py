"""Flags that follow the candles, comparisons with a second exchange, and the report of both."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import closing
from dataclasses import replace
from typing import Any

import numpy as np
import pytest
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import text

from server.config import Settings
from server.errors import NotFound
from server.extensions import db
from server.market import quality, store
from server.market.backfilling import Backfills, ask_for
from server.market.candles import Candles, iso_time
from server.market.changes import SeriesChange
from server.market.commands import market
from server.market.jobs import Jobs
from server.market.outliers import WINDOW, find_outliers
from server.market.quality_schemas import QualitySchema
from server.market.second_source import compare
from server.market.soundness import UnsoundCandles
from server.market.sources.contract import Page, SourceRefused
from server.market.sources.order import Sources
from server.market.tables import COMPLETED
from tests.candles import sample_candles
from tests.exchange.running import RunningExchange
from tests.market.conftest import NOON
from tests.market.test_market_jobs import Told, hours_ago
from tests.market.test_quality_checks import times_ten

HOUR = 3600
SERIES = ("BTC-USD", "1h")
QUERY = {"ticker": "BTC-USD", "interval": "1h"}
PATH = "/api/v1/market/quality"

pytestmark = pytest.mark.usefixtures("database")


def flags() -> list[tuple[int, str, float]]:
    rows = db.session.execute(
        text("SELECT extract(epoch FROM timestamp)::bigint AS opened, kind, value FROM candle_flags")
    )
    found = sorted((row.opened, row.kind, row.value) for row in rows)
    db.session.rollback()
    return found


def expected(candles: Candles) -> list[tuple[int, str, float]]:
    return [(each.timestamp, each.kind, each.value) for each in find_outliers(candles, HOUR)]


@pytest.fixture
def jumpy() -> Candles:
    """A year of hours, some of which stand out."""
    return sample_candles()[8_000:16_000]


def test_in_whatever_batches_candles_come_the_flags_are_those_of_the_whole(jumpy: Candles) -> None:
    assert expected(jumpy), "there is something to flag"
    store.upsert(*SERIES, "test", jumpy)
    assert flags() == expected(jumpy)
    db.session.execute(text("TRUNCATE candles, candle_flags, series_versions"))
    db.session.commit()
    # The newest first, then older ones, which become the past of what is stored already.
    for part in (jumpy[5_000:5_001], jumpy[5_001:], jumpy[2_000:5_000], jumpy[:2_000]):
        store.upsert(*SERIES, "test", part)
    assert flags() == expected(jumpy)


def test_a_candle_that_comes_alone_is_judged_by_the_whole_past_that_is_stored(jumpy: Candles) -> None:
    row = int(np.searchsorted(jumpy.timestamp, expected(jumpy)[-1][0]))
    store.upsert(*SERIES, "test", jumpy[:row])
    store.upsert(*SERIES, "test", jumpy[row : row + 1])
    assert flags() == expected(jumpy[: row + 1])


def test_a_batch_that_is_stored_again_leaves_the_flags_as_they_were(jumpy: Candles) -> None:
    store.upsert(*SERIES, "test", jumpy)
    since = db.session.execute(text("SELECT max(flagged_at) FROM candle_flags")).scalar()
    store.upsert(*SERIES, "test", jumpy)
    store.upsert(*SERIES, "another", jumpy)
    assert db.session.execute(text("SELECT max(flagged_at) FROM candle_flags")).scalar() == since


def test_a_corrected_candle_is_judged_anew_with_those_after_it(jumpy: Candles) -> None:
    calm = jumpy[:1_000]
    store.upsert(*SERIES, "test", times_ten(calm, 400))
    assert flags() == expected(times_ten(calm, 400)) != expected(calm)
    store.upsert(*SERIES, "test", calm[400:401])
    assert flags() == expected(calm)


def test_the_last_candle_that_a_correction_is_the_past_of_is_judged_anew(jumpy: Candles) -> None:
    calm, row = jumpy[:1_000], 400 + WINDOW + 1
    factor = np.where(np.arange(1_000) < row, 1.0, 1.6)
    prices = {name: getattr(calm, name) * factor for name in ("open", "high", "low", "close")}
    risen = replace(calm, **prices)
    wrong, opened = times_ten(risen, 400), int(risen.timestamp[row])
    assert opened in [each[0] for each in expected(risen)]
    assert opened not in [each[0] for each in expected(wrong)], "beside a tenfold price it is small"
    store.upsert(*SERIES, "test", wrong)
    store.upsert(*SERIES, "test", risen[400:401])
    assert flags() == expected(risen)


def test_flags_of_a_transaction_that_failed_are_not_there(jumpy: Candles) -> None:
    unsound = replace(jumpy[-3:], low=np.zeros(3))
    with pytest.raises(UnsoundCandles):
        _write_all([jumpy[:-3], unsound])
    assert flags() == []
    assert not store.has_series(*SERIES)


def _write_all(parts: list[Candles]) -> None:
    with store.writing(*SERIES, "test") as write:
        for part in parts:
            write(part)


def test_an_audit_judges_what_was_stored_past_the_door(jumpy: Candles) -> None:
    with db.engine.begin() as connection:
        change = SeriesChange(connection, *SERIES, "test")
        change.write(jumpy)
        change.bump()
    assert flags() == []
    result = quality.audit(*SERIES)
    assert flags() == expected(jumpy)
    assert (result["rows"], result["flags"]) == (len(jumpy), len(expected(jumpy)))
    with pytest.raises(NotFound):
        quality.audit("ETH-USD", "1h")


def test_the_report_counts_what_is_there(client: FlaskClient, jumpy: Candles) -> None:
    rows = jumpy[:1_000]
    store.upsert(*SERIES, "kraken", rows[:600])
    store.upsert(*SERIES, "coinbase", rows[610:900])
    store.upsert(*SERIES, "coinbase:flat", rows[900:910])
    store.upsert(*SERIES, "coinbase", times_ten(rows, 950)[911:])
    answer = client.get(PATH, query_string=QUERY).json
    assert answer is not None
    assert not QualitySchema().validate(answer)
    assert (answer["rows"], answer["missing"], answer["gaps"], answer["flat"]) == (989, 11, 2, 10)
    shares = {each["source"]: each["share"] for each in answer["sources"]}
    assert shares == {"kraken": 600 / 989, "coinbase": 379 / 989, "coinbase:flat": 10 / 989}
    assert answer["freshness"]["newest"] == iso_time(int(rows.timestamp[-1]))
    assert answer["freshness"]["closed"] == iso_time(int(rows.timestamp[-1]) + HOUR)
    assert answer["freshness"]["overdue"] > 24 * 365
    newest = answer["flags"]["newest"]
    assert answer["flags"]["counts"]["jump"] == len([each for each in flags() if each[1] == "jump"]) >= 2
    assert iso_time(int(rows.timestamp[950])) in [each["timestamp"] for each in newest]
    assert [each["timestamp"] for each in newest] == sorted((e["timestamp"] for e in newest), reverse=True)


def test_what_was_not_measured_is_null(client: FlaskClient, jumpy: Candles) -> None:
    store.upsert(*SERIES, "test", jumpy[:500])
    answer = client.get(PATH, query_string=QUERY).json
    assert answer is not None
    assert (answer["audit"], answer["comparison"], answer["flags"]["counts"]["deviates"]) == (
        None,
        None,
        None,
    )
    db.session.execute(text("INSERT INTO series_quality VALUES ('BTC-USD', '1h', NULL, NULL, false)"))
    db.session.commit()
    counts = client.get(PATH, query_string=QUERY).json["flags"]["counts"]  # type: ignore[index]
    assert counts == {"jump": None, "wick": None, "deviates": None}
    quality.audit(*SERIES)
    answer = client.get(PATH, query_string=QUERY).json
    assert answer is not None
    assert answer["flags"]["counts"] == {"jump": 1, "wick": 0, "deviates": None}
    assert answer["audit"]["rows"] == 500


def test_a_known_report_is_not_sent_again_and_a_changed_one_is(client: FlaskClient, jumpy: Candles) -> None:
    store.upsert(*SERIES, "test", jumpy[:500])
    first = client.get(PATH, query_string=QUERY)
    known = {"If-None-Match": first.headers["ETag"]}
    assert client.get(PATH, query_string=QUERY, headers=known).status_code == 304
    quality.audit(*SERIES)
    audited = client.get(PATH, query_string=QUERY, headers=known)
    assert audited.status_code == 200
    store.upsert(*SERIES, "test", jumpy[500:501])
    known = {"If-None-Match": audited.headers["ETag"]}
    assert client.get(PATH, query_string=QUERY, headers=known).status_code == 200


@pytest.mark.parametrize(
    ("query", "status"),
    [
        ({**QUERY, "ticker": "DOGE-USD"}, 404),
        ({"ticker": "BTC-USD"}, 422),
        ({**QUERY, "interval": "2h"}, 422),
    ],
)
def test_a_series_that_is_not_stored_has_no_quality(
    client: FlaskClient, query: dict[str, str], status: int
) -> None:
    assert client.get(PATH, query_string=query).status_code == status


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


def newest(rows: int) -> Candles:
    sample = sample_candles()
    end = int(np.searchsorted(sample.timestamp, NOON))
    return sample[end - rows : end]


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
    exchange.fault("status", where="OHLC", times=None, status=404)
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


def test_the_command_shows_every_series(app: Flask, jumpy: Candles, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("COLUMNS", "160")
    run: Callable[..., Any] = app.test_cli_runner().invoke
    assert run(market, ["quality"]).exit_code == 1
    store.upsert(*SERIES, "test", jumpy[:500])
    store.upsert("ETH-USD", "1h", "test", jumpy[:400])
    shown = run(market, ["quality"]).output
    assert "BTC-USD 1h" in shown
    assert "ETH-USD 1h" in shown
    assert "not looked for" in shown
    assert "never" in run(market, ["quality", "BTC-USD"]).output
    assert "never" not in run(market, ["quality", "BTC-USD", "--interval", "1h", "--audit"]).output
