"""How good a series is: the report, its name, and the command that shows it."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import text

from server.extensions import db
from server.market import quality, store
from server.market.bursts import Part, flag_arrival, store_burst
from server.market.candles import Candles, iso_time
from server.market.commands import market
from server.market.quality_schemas import QualitySchema
from tests.market.backfilled import HOUR, SERIES
from tests.market.flagged import flags
from tests.market.test_quality_checks import times_ten

QUERY = {"ticker": "BTC-USD", "interval": "1h"}
PATH = "/api/v1/market/quality"

pytestmark = pytest.mark.usefixtures("database")


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


def test_a_report_is_a_new_one_when_flags_come_after_the_candles(client: FlaskClient, jumpy: Candles) -> None:
    """As they do with live candles: those are stored at once, and looked at when the rooms were told."""
    (arrival,) = store_burst([Part(SERIES, "test", jumpy[:500])]).arrivals
    before = client.get(PATH, query_string=QUERY)
    flag_arrival(arrival)
    after = client.get(PATH, query_string=QUERY, headers={"If-None-Match": before.headers["ETag"]})
    assert after.status_code == 200
    assert after.json["flags"]["counts"]["jump"] == 1  # type: ignore[index]


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
