"""The order in which sessions are listed."""

from __future__ import annotations

from datetime import timedelta

import pytest
from flask.testing import FlaskClient

from server.extensions import db
from server.training.tables import TrainingSession
from tests.training.conftest import START

SESSIONS = (
    # id, network, skill, seconds
    ("good", "CNN", 0.02, 90),
    ("bad", "LSTM", -0.30, 5),
    ("waiting", "CNN-LSTM", None, None),
    ("fair", "LSTM-CNN", -0.01, 10),
)


@pytest.fixture(autouse=True)
def ended(database: None) -> None:
    """Sessions asked for an hour after each other."""
    for hour, (name, model_type, skill, seconds) in enumerate(SESSIONS):
        created = START + timedelta(hours=hour)
        db.session.add(
            TrainingSession(
                id=name,
                ticker="BTC-USD",
                interval="1h",
                model_type=model_type,
                params={},
                total_epochs=1,
                status="PENDING" if seconds is None else "COMPLETED",
                metrics=None if skill is None else {"overall": {"skill": skill}},
                created_at=created,
                started_at=created,
                finished_at=None if seconds is None else created + timedelta(seconds=seconds),
            )
        )
    db.session.commit()


@pytest.mark.parametrize(
    ("sort", "expected"),
    [
        (None, ["fair", "waiting", "bad", "good"]),
        ("created_at", ["good", "bad", "waiting", "fair"]),
        ("-skill", ["good", "fair", "bad", "waiting"]),
        ("skill", ["bad", "fair", "good", "waiting"]),
        ("-seconds", ["good", "fair", "bad", "waiting"]),
        ("model_type", ["good", "waiting", "bad", "fair"]),
        ("-status", ["waiting", "fair", "bad", "good"]),
    ],
)
def test_sessions_are_sorted_and_those_without_the_value_come_last(
    client: FlaskClient, sort: str | None, expected: list[str]
) -> None:
    body = client.get("/api/v1/train", query_string={"sort": sort} if sort else {}).json
    assert [session["session_id"] for session in body["sessions"]] == expected


def test_an_unknown_order_is_refused_by_name(client: FlaskClient) -> None:
    answer = client.get("/api/v1/train", query_string={"sort": "luck"})
    assert (answer.status_code, answer.json["details"]["errors"][0]["field"]) == (422, "sort")
