"""Every schedule: when it is due, run now by HTTP and by command, its last result kept."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import closing
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

import pytest
from celery.schedules import crontab
from click.testing import Result
from flask import Flask
from flask.testing import FlaskClient
from redis import Redis

from server.config import Settings
from server.market import follows, schedules, store
from server.market.candles import Candles
from server.market.commands import market
from server.market.sources.order import Sources
from tests.exchange.running import RunningExchange
from tests.market.backfilled import SERIES
from tests.market.flagged import newest

NAMES = ("prices", "history", "gaps", "discovery", "cleanup")
SUNDAY, MONDAY = datetime(2026, 11, 22, tzinfo=UTC), datetime(2026, 11, 23, tzinfo=UTC)

pytestmark = pytest.mark.usefixtures("database")


@pytest.fixture
def command(
    app: Flask, market_settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> Iterator[Callable[..., Result]]:
    """``flask market ...`` against the local exchange."""
    quick = replace(market_settings, source_patience_seconds=0.1, market_second_source_of=["*=kraken"])
    with closing(Sources(quick)) as sources:
        monkeypatch.setitem(app.extensions, "market_sources", sources)
        monkeypatch.setitem(app.config, "SETTINGS", quick)
        runner = app.test_cli_runner()
        yield lambda *words: runner.invoke(market, list(words))


@pytest.mark.parametrize(
    ("name", "due", "not_due"),
    [
        ("prices", (MONDAY, 17, 35), (MONDAY, 17, 36)),
        ("history", (MONDAY, 17, 1), (MONDAY, 17, 2)),
        ("gaps", (MONDAY, 1, 30), (MONDAY, 2, 30)),
        ("discovery", (MONDAY, 2, 0), (MONDAY, 3, 0)),
        ("cleanup", (SUNDAY, 3, 0), (MONDAY, 3, 0)),
    ],
)
def test_a_schedule_is_due_when_it_says(
    name: str, due: tuple[datetime, int, int], not_due: tuple[datetime, int, int]
) -> None:
    when = crontab(**schedules.require(name).crontab)

    def matches(day: datetime, hour: int, minute: int) -> bool:
        of_the_week = day.isoweekday() % 7 in when.day_of_week
        return of_the_week and hour in when.hour and minute in when.minute

    assert matches(*due)
    assert not matches(*not_due)


@pytest.mark.parametrize("name", NAMES)
def test_each_is_listed_and_run_now_by_http(client: FlaskClient, settings: Settings, name: str) -> None:
    listed = {each["name"]: each for each in client.get("/api/v1/tasks/schedules").json["schedules"]}  # type: ignore[index]
    assert listed[name]["does"]
    assert listed[name]["when"]
    with Redis.from_url(settings.redis_database(0)) as queue:
        queue.delete("market")
        assert client.post(f"/api/v1/tasks/schedules/{name}/run").status_code == 202
        assert queue.llen("market") == 1
        queue.delete("market")


@pytest.mark.parametrize("name", NAMES)
def test_each_is_run_now_by_command_and_its_last_result_is_kept(
    command: Callable[..., Result], client: FlaskClient, name: str
) -> None:
    follows.follow(*SERIES)
    store.upsert(*SERIES, "coinbase", newest(300)[:250])
    result = command("schedules", "--run", name)
    assert result.exit_code == 0, result.output
    runs: Any = client.get("/api/v1/tasks/schedules").json
    last = {each["name"]: each["last_run"] for each in runs["schedules"]}[name]
    assert last["status"] == "COMPLETED"
    assert last["result"]
    assert last["finished_at"] >= last["started_at"]


def test_a_series_older_than_any_exchange_does_not_keep_the_others_from_their_audit(
    command: Callable[..., Result], make_candles: Callable[..., Candles]
) -> None:
    day, oldest = 86_400, ("BTC-USD", "1d")
    early = int(datetime(2009, 12, 1, tzinfo=UTC).timestamp())
    candles = make_candles(timestamp=[early, early + day, early + 5 * day])
    store.upsert(*oldest, "a file", candles)
    store.upsert(*SERIES, "coinbase", newest(50))
    follows.follow(*oldest)
    for name in ("gaps", "history"):
        command("schedules", "--run", name)
        (run,) = [each["last_run"] for each in schedules.listing() if each["name"] == name]
        assert run["status"] == "COMPLETED", run["error"]
        assert "not before 2010-01-01" in run["result"]["series"]["BTC-USD 1d"]["skipped"]
        if name == "gaps":
            assert run["result"]["series"]["BTC-USD 1d"]["missing"] == 3
            assert run["result"]["series"]["BTC-USD 1h"]["rows"] == 50


def test_the_nightly_audit_looks_at_every_series_and_says_why_it_could_not_compare(
    command: Callable[..., Result], exchange: RunningExchange
) -> None:
    follows.follow(*SERIES)
    store.upsert(*SERIES, "coinbase", newest(300))
    store.upsert("ETH-USD", "1h", "coinbase", newest(50))
    exchange.fault("status", where="OHLC", status=403)
    command("schedules", "--run", "gaps")
    (run,) = [each["last_run"] for each in schedules.listing() if each["name"] == "gaps"]
    series = run["result"]["series"]
    assert set(series) == {"BTC-USD 1h", "ETH-USD 1h"}
    assert series["BTC-USD 1h"]["rows"] == 300
    assert "kraken refuses" in series["BTC-USD 1h"]["not_compared"]
    assert "missing_before" not in series["ETH-USD 1h"], "what is not followed is not repaired"
    assert series["ETH-USD 1h"]["compared"] == 50
    assert series["ETH-USD 1h"]["beyond"] == 50, "these are Bitcoin's prices"
