"""Log lines: one format for everyone, UTC, with context, and without secrets."""

from __future__ import annotations

import json
import logging
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

import pytest
import structlog
from hypothesis import given
from hypothesis import strategies as st
from structlog.contextvars import bound_contextvars

from server.config import Settings
from server.observability import logs, redaction

JSON_LOGS = Settings(log_format="json", log_level="INFO")


@pytest.fixture(autouse=True)
def _json_logs() -> Iterator[None]:
    logs.configure(JSON_LOGS)
    yield
    logs.configure(JSON_LOGS)


def lines(capsys: pytest.CaptureFixture[str]) -> list[dict[str, Any]]:
    return [json.loads(line) for line in capsys.readouterr().err.splitlines()]


def test_a_line_is_json_with_level_logger_and_utc_time(capsys: pytest.CaptureFixture[str]) -> None:
    structlog.get_logger("server.x").info("candles stored", rows=3)
    (line,) = lines(capsys)
    assert (line["event"], line["rows"], line["level"], line["logger"]) == (
        "candles stored",
        3,
        "info",
        "server.x",
    )
    assert line["timestamp"].endswith("Z")
    written = datetime.fromisoformat(line["timestamp"])
    assert abs((datetime.now(UTC) - written).total_seconds()) < 60


def test_a_service_logs_on_stdout_and_a_command_beside_its_answer(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(logs.StandardHandler, "of_a_service", False)
    structlog.get_logger("server.x").info("of a command")
    logs.log_to_stdout()
    structlog.get_logger("server.x").info("of a service")
    written = capsys.readouterr()
    assert json.loads(written.err)["event"] == "of a command"
    assert json.loads(written.out)["event"] == "of a service"


@pytest.mark.parametrize("name", ["celery", "gunicorn.error", "sqlalchemy.engine", "any.library"])
def test_lines_of_the_standard_library_look_the_same(capsys: pytest.CaptureFixture[str], name: str) -> None:
    logging.getLogger(name).warning("pool of %d is exhausted", 5)
    (line,) = lines(capsys)
    assert (line["event"], line["level"], line["logger"]) == ("pool of 5 is exhausted", "warning", name)


def test_handlers_brought_by_gunicorn_do_not_print_a_line_twice(capsys: pytest.CaptureFixture[str]) -> None:
    gunicorn = logging.getLogger("gunicorn.error")
    gunicorn.addHandler(logging.StreamHandler())
    gunicorn.propagate = False
    logs.configure(JSON_LOGS)
    gunicorn.error("worker died")
    assert len(lines(capsys)) == 1


def test_configuring_twice_prints_a_line_once(capsys: pytest.CaptureFixture[str]) -> None:
    logs.configure(JSON_LOGS)
    structlog.get_logger().info("once")
    assert len(lines(capsys)) == 1


def test_what_is_below_the_level_is_left_out(capsys: pytest.CaptureFixture[str]) -> None:
    logs.configure(replace(JSON_LOGS, log_level="WARNING"))
    structlog.get_logger().info("quiet")
    logging.getLogger("x").info("quiet")
    structlog.get_logger().warning("loud")
    assert [line["event"] for line in lines(capsys)] == ["loud"]


def test_the_console_form_is_for_people(capsys: pytest.CaptureFixture[str]) -> None:
    logs.configure(replace(JSON_LOGS, log_format="console"))
    structlog.get_logger().info("for people", rows=3)
    text = capsys.readouterr().err
    assert "for people" in text
    assert not text.startswith("{")


def test_automatic_form_away_from_a_terminal_is_json(capsys: pytest.CaptureFixture[str]) -> None:
    logs.configure(replace(JSON_LOGS, log_format="auto"))
    structlog.get_logger().info("piped")
    assert lines(capsys)[0]["event"] == "piped"


def test_bound_context_is_on_every_line_and_ends_with_its_block(capsys: pytest.CaptureFixture[str]) -> None:
    with bound_contextvars(request_id="r1", session_id="s1", task_id="t1"):
        structlog.get_logger().info("inside")
        logging.getLogger("library").warning("inside")
    structlog.get_logger().info("outside")
    inside, library, outside = lines(capsys)
    for line in (inside, library):
        assert (line["request_id"], line["session_id"], line["task_id"]) == ("r1", "s1", "t1")
    assert "request_id" not in outside


SECRETS: list[dict[str, Any]] = [
    {"database_url": "postgresql://user:hunter2@db:5432/crypto"},
    {"url": "redis://:hunter2@cache:6379/0"},
    {"message": "cannot reach postgresql+psycopg2://user:hunter2@db/x, giving up"},
    {"password": "hunter2"},
    {"secret_key": b"hunter2"},
    {"headers": {"Authorization": "Bearer hunter2", "Cookie": "session=hunter2"}},
    {"settings": [{"api_key": "hunter2"}]},
    {"dsn": "host=db user=u password=hunter2 dbname=x"},
    {"query": "?access_token=hunter2&limit=3"},
    {"error": ValueError("postgresql://user:hunter2@db/x")},
]


@pytest.mark.parametrize("fields", SECRETS, ids=lambda fields: next(iter(fields)))
def test_no_secret_reaches_a_line(capsys: pytest.CaptureFixture[str], fields: dict[str, Any]) -> None:
    structlog.get_logger().info("started", **fields)
    text = capsys.readouterr().err
    assert "started" in text
    assert "hunter2" not in text


def test_no_secret_reaches_a_line_by_a_library_or_a_traceback(capsys: pytest.CaptureFixture[str]) -> None:
    logging.getLogger("sqlalchemy").warning("connect to %s", "postgresql://user:hunter2@db/x")
    try:
        raise ConnectionError("redis://:hunter2@cache refused")
    except ConnectionError:
        structlog.get_logger().exception("failed")
        logging.getLogger("library").exception("failed")
    found = lines(capsys)
    assert len(found) == 3
    assert "hunter2" not in json.dumps(found)
    assert "ConnectionError" in found[1]["exception"]


# What a URL may carry unescaped between the colon and the at sign.
PASSWORD = st.text("abcdefghijklmnopqrstuvwxyzABCXYZ0123456789-._~!$&()*+,;=%:#?", min_size=1, max_size=30)


@given(password=PASSWORD, scheme=st.sampled_from(["postgresql", "redis", "rediss", "s3", "amqp+ssl"]))
def test_a_password_in_a_url_is_hidden_whatever_it_is(password: str, scheme: str) -> None:
    marked = f"Q{password}Q"
    text = redaction.redact(f"at {scheme}://user:{marked}@host:5432/db now")
    assert marked not in text
    assert text.startswith(f"at {scheme}://user:{redaction.HIDDEN}@host:5432/db")


@pytest.mark.parametrize(
    "text", ["epoch 3 of 10", "http://127.0.0.1:5000/api/v1/docs", "2020-01-01T00:00:00Z", "mail a@b.example"]
)
def test_what_is_no_secret_is_left_alone(text: str) -> None:
    assert redaction.redact(text) == text


def test_numbers_and_truth_values_stay_what_they_are(capsys: pytest.CaptureFixture[str]) -> None:
    structlog.get_logger().info("x", rows=3, share=0.5, done=True, nothing=None, names=["a", 1])
    (line,) = lines(capsys)
    assert (line["rows"], line["share"], line["done"], line["nothing"]) == (3, 0.5, True, None)
    assert line["names"] == ["a", 1]
