"""``/api/v1/market`` over HTTP."""

from __future__ import annotations

import io
from collections.abc import Callable
from typing import cast

import pytest
from flask.testing import FlaskClient
from sqlalchemy import QueuePool, text
from werkzeug.test import TestResponse

from server.config import Settings
from server.extensions import db
from server.market import store
from server.market.candles import COLUMNS, Candles
from server.market.schemas import CandleSchema, CandlesSchema
from tests.applications import application
from tests.market.test_csv_import import as_csv

pytestmark = pytest.mark.usefixtures("database")
MakeCandles = Callable[..., Candles]
SERIES = {"ticker": "BTC-USD", "interval": "1h"}


def test_stored_series_are_listed(client: FlaskClient, make_candles: MakeCandles) -> None:
    store.upsert("BTC-USD", "1h", "test", make_candles())
    assert client.get("/api/v1/market/tickers").json == {
        "tickers": [
            SERIES
            | {
                "first": "2019-01-01T00:00:00Z",
                "last": "2019-01-01T23:00:00Z",
                "rows": 24,
                "sources": ["test"],
            }
        ]
    }


def test_candles_come_oldest_first_within_range_and_limit(
    client: FlaskClient, make_candles: MakeCandles
) -> None:
    candles = make_candles(100)
    store.upsert("BTC-USD", "1h", "test", candles)
    query = SERIES | {"start": "2019-01-02T00:00:00Z", "end": "2019-01-02T03:00:00", "limit": 2}
    answer = client.get("/api/v1/market/candles", query_string=query).json
    assert answer is not None
    assert [row["timestamp"] for row in answer["candles"]] == ["2019-01-02T00:00:00Z", "2019-01-02T01:00:00Z"]
    assert answer["candles"][0]["close"] == candles.close[24]
    assert set(answer["candles"][0]) == set(COLUMNS)
    assert answer["count"] == 2


@pytest.mark.parametrize("query", [{"limit": 3}, {"resample": "1d"}, {"start": "2030-01-01"}])
def test_candles_are_what_their_schema_says(
    client: FlaskClient, make_candles: MakeCandles, query: dict[str, object]
) -> None:
    store.upsert("BTC-USD", "1h", "test", make_candles(50))
    answer = client.get("/api/v1/market/candles", query_string=SERIES | query)
    assert answer.mimetype == "application/json"
    assert answer.json is not None
    assert CandlesSchema().validate(answer.json) == {}
    assert set(answer.json) == set(CandlesSchema().fields)
    assert all(set(row) == set(CandleSchema().fields) for row in answer.json["candles"])
    assert CandlesSchema().dump(answer.json) == answer.json, "as if it were dumped field by field"


@pytest.mark.parametrize("query", [{}, {"resample": "1d"}])
def test_candles_that_the_caller_has_are_not_sent_again_until_one_changes(
    client: FlaskClient, make_candles: MakeCandles, query: dict[str, object]
) -> None:
    def ask(**headers: str) -> TestResponse:
        return client.get("/api/v1/market/candles", query_string=SERIES | query, headers=headers)

    candles = make_candles(48)
    store.upsert("BTC-USD", "1h", "test", candles)
    first = ask()
    assert ask().data == first.data
    known = ask(**{"If-None-Match": first.headers["ETag"]})
    assert (known.status_code, known.data) == (304, b"")
    assert ask(**{"If-None-Match": f"W/{first.headers['ETag']}"}).status_code == 304, "as nginx names it"
    candles.close[-1] = candles.high[-1]
    store.upsert("BTC-USD", "1h", "test", candles)
    changed = ask(**{"If-None-Match": first.headers["ETag"]})
    assert changed.status_code == 200
    assert changed.json["candles"][-1]["close"] == candles.high[-1]  # type: ignore[index]


def test_each_question_about_a_series_has_an_answer_of_its_own(
    client: FlaskClient, make_candles: MakeCandles
) -> None:
    store.upsert("BTC-USD", "1h", "test", make_candles(72))
    days = {"start": "2019-01-01T01:00:00Z", "end": "2019-01-03"}
    questions = [{}, {"limit": 5}, {"start": days["start"]}, {"end": days["end"]}, {"resample": "1d"}, days]
    for _ in range(2):
        answers = [client.get("/api/v1/market/candles", query_string=SERIES | each) for each in questions]
        assert [each.json["count"] for each in answers] == [72, 5, 71, 48, 3, 47]  # type: ignore[index]
    assert len({each.headers["ETag"] for each in answers}) == len(questions)


def test_a_database_that_was_restored_is_not_answered_for_with_what_was_kept_before(
    client: FlaskClient, make_candles: MakeCandles
) -> None:
    """It counts the versions of its series up again, with other candles."""
    store.upsert("BTC-USD", "1h", "test", make_candles(24))
    before = client.get("/api/v1/market/candles", query_string=SERIES)
    with db.engine.begin() as connection:
        connection.execute(text("TRUNCATE candles, series_versions"))
    other = make_candles(24)
    other.volume[-1] += 1
    store.upsert("BTC-USD", "1h", "test", other)
    after = client.get("/api/v1/market/candles", query_string=SERIES)
    assert after.headers["ETag"] != before.headers["ETag"]
    assert after.json["candles"][-1]["volume"] == other.volume[-1]  # type: ignore[index]


def test_candles_can_be_resampled(client: FlaskClient, make_candles: MakeCandles) -> None:
    store.upsert("BTC-USD", "1h", "test", make_candles(50))
    answer = client.get("/api/v1/market/candles", query_string=SERIES | {"resample": "1d"}).json
    assert answer is not None
    assert (answer["interval"], answer["count"], answer["incomplete"]) == ("1d", 2, 1)


@pytest.mark.parametrize(
    ("change", "field"),
    [
        ({"ticker": "btc"}, "ticker"),
        ({"interval": "2h"}, "interval"),
        ({"limit": 0}, "limit"),
        ({"limit": 10_001}, "limit"),
        ({"resample": "5m"}, "resample"),
        ({"start": "yesterday"}, "start"),
        ({"start": "0001-01-01T00:00:00+14:00"}, "start"),
        ({"end": "9999-12-31T23:59:59-14:00"}, "end"),
        ({"start": "2019-01-02", "end": "2019-01-01"}, "end"),
    ],
)
def test_a_wrong_argument_is_named(
    client: FlaskClient, make_candles: MakeCandles, change: dict[str, object], field: str
) -> None:
    store.upsert("BTC-USD", "1h", "test", make_candles())
    answer = client.get("/api/v1/market/candles", query_string=SERIES | change)
    assert answer.status_code == 422
    assert answer.json is not None
    assert answer.json["details"]["field"] == field


@pytest.mark.parametrize("path", ["candles", "gaps"])
def test_an_unknown_ticker_is_404_with_the_known_ones(
    client: FlaskClient, make_candles: MakeCandles, path: str
) -> None:
    store.upsert("ETH-USD", "1h", "test", make_candles())
    answer = client.get(f"/api/v1/market/{path}", query_string=SERIES)
    assert answer.status_code == 404
    assert answer.json is not None
    assert answer.json["details"]["known"] == ["ETH-USD 1h"]


def test_gaps_are_reported(client: FlaskClient, make_candles: MakeCandles) -> None:
    times = make_candles().timestamp.tolist()
    store.upsert("BTC-USD", "1h", "test", make_candles(timestamp=times[:5] + times[7:]))
    answer = client.get("/api/v1/market/gaps", query_string=SERIES).json
    assert answer is not None
    assert (answer["rows"], answer["missing"]) == (22, 2)
    assert answer["gaps"] == [{"first": "2019-01-01T05:00:00Z", "last": "2019-01-01T06:00:00Z", "candles": 2}]


@pytest.mark.parametrize("multipart", [True, False])
def test_a_file_is_imported(client: FlaskClient, make_candles: MakeCandles, multipart: bool) -> None:
    content = as_csv(make_candles(100)).encode()
    sent = (
        {"data": {"file": (io.BytesIO(content), "candles.csv")}}
        if multipart
        else {"data": content, "content_type": "text/csv"}
    )
    answer = client.post("/api/v1/market/import", query_string=SERIES | {"source": "Kraken"}, **sent)
    assert answer.status_code == 200, answer.text
    assert answer.json is not None
    assert (answer.json["rows_stored"], answer.json["rows_changed"]) == (100, 100)
    assert store.list_series()[0].sources == ("Kraken",)


def test_a_bad_file_is_refused_with_its_lines(client: FlaskClient, make_candles: MakeCandles) -> None:
    content = as_csv(make_candles(100)) + "\nx,1,2,3,4,5\n"
    path = "/api/v1/market/import"
    answer = client.post(path, query_string=SERIES, data=content, content_type="text/csv")
    assert (answer.status_code, store.list_series()) == (422, [])
    assert answer.json is not None
    assert answer.json["error_code"] == "unsound_file"
    assert answer.json["details"]["report"]["problems"][0]["line"] == 102
    skipping = SERIES | {"skip_bad": "true"}
    assert client.post(path, query_string=skipping, data=content, content_type="text/csv").status_code == 200


def test_a_client_that_takes_its_time_to_send_a_file_holds_no_connection(
    client: FlaskClient, make_candles: MakeCandles
) -> None:
    taken: list[int] = []

    class Body(io.BytesIO):
        def readinto(self, into: memoryview, /) -> int:  # type: ignore[override]
            taken.append(cast(QueuePool, db.engine.pool).checkedout())
            return super().readinto(into)

    content = as_csv(make_candles(100)).encode()
    answer = client.post(
        "/api/v1/market/import", query_string=SERIES, input_stream=Body(content),
        content_length=len(content), content_type="text/csv",
    )  # fmt: skip
    assert answer.status_code == 200, answer.text
    assert taken
    assert not any(taken)


def test_a_request_without_a_file_is_refused(client: FlaskClient) -> None:
    answer = client.post("/api/v1/market/import", query_string=SERIES)
    assert answer.status_code == 422
    assert answer.json is not None
    assert answer.json["details"]["field"] == "file"


def test_imports_are_limited_by_their_own_setting(settings: Settings) -> None:
    with application(settings, rate_limit_enabled=True, rate_limit_import="1 per minute") as app:
        caller = app.test_client()
        answers = [caller.post("/api/v1/market/import", query_string=SERIES) for _ in range(2)]
        assert [answer.status_code for answer in answers] == [422, 429]
        assert int(answers[1].headers["Retry-After"]) > 0
        assert caller.get("/api/v1/market/tickers").status_code == 200


def test_the_document_says_how_to_send_a_file(client: FlaskClient) -> None:
    document = client.get("/api/v1/openapi.json").json
    assert document is not None
    body = document["paths"]["/api/v1/market/import"]["post"]["requestBody"]
    assert set(body["content"]) == {"multipart/form-data", "text/csv"}
