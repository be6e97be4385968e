"""Followed series: by command, over HTTP and by the setting."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import replace
from typing import Any

import pytest
from click.testing import Result
from flask import Flask
from flask.testing import FlaskClient

from server.config import InvalidSettings, Settings
from server.errors import Conflict, InvalidInput, NotFound
from server.market import follows, store
from server.market.candles import Candles
from tests.applications import application

MakeCandles = Callable[..., Candles]
BITCOIN = "/api/v1/market/followed/BTC-USD/1h"


@pytest.fixture
def by_setting(app: Flask, settings: Settings, database: None) -> Iterator[None]:
    """The setting names one series."""
    app.config["SETTINGS"] = replace(settings, follow=["ETH-USD 4h"])
    yield
    app.config["SETTINGS"] = settings


@pytest.fixture
def run(app: Flask, database: None) -> Callable[..., Result]:
    runner = app.test_cli_runner()
    return lambda *words: runner.invoke(args=words)


def listed(client: FlaskClient) -> list[dict[str, Any]]:
    answer = client.get("/api/v1/market/followed").json
    assert answer is not None
    found: list[dict[str, Any]] = answer["followed"]
    return found


@pytest.mark.usefixtures("database")
def test_a_series_is_followed_once_however_often_it_is_asked_for() -> None:
    follows.follow("ETH-USD", "1h")
    follows.follow("BTC-USD", "1h")
    (_, since) = follows.listing()
    follows.follow("ETH-USD", "1h")
    assert follows.followed() == [("BTC-USD", "1h"), ("ETH-USD", "1h")]
    assert follows.listing()[1] == since


@pytest.mark.usefixtures("database")
@pytest.mark.parametrize(("ticker", "interval"), [("bitcoin", "1h"), ("BTC-USD", "2h")])
def test_what_can_be_no_series_is_not_followed(ticker: str, interval: str) -> None:
    for act in (follows.follow, follows.unfollow):
        with pytest.raises(InvalidInput):
            act(ticker, interval)
    assert follows.followed() == []


@pytest.mark.usefixtures("by_setting")
def test_the_setting_is_united_with_what_was_asked_for(make_candles: MakeCandles) -> None:
    follows.follow("BTC-USD", "1h")
    follows.follow("ETH-USD", "4h")
    assert follows.followed() == [("BTC-USD", "1h"), ("ETH-USD", "4h")]
    assert [each.by_setting for each in follows.listing()] == [False, True]


@pytest.mark.usefixtures("by_setting")
def test_what_the_setting_names_cannot_be_unfollowed() -> None:
    follows.follow("ETH-USD", "4h")
    with pytest.raises(Conflict, match="FOLLOW"):
        follows.unfollow("ETH-USD", "4h")
    assert follows.followed() == [("ETH-USD", "4h")]


@pytest.mark.usefixtures("database")
def test_unfollowing_what_is_not_followed_names_what_is() -> None:
    follows.follow("BTC-USD", "1h")
    with pytest.raises(NotFound, match=r"BTC-USD 4h is not followed; followed: BTC-USD 1h"):
        follows.unfollow("BTC-USD", "4h")
    assert follows.followed() == [("BTC-USD", "1h")]


@pytest.mark.usefixtures("database")
def test_a_series_is_followed_and_unfollowed_over_http(
    client: FlaskClient, make_candles: MakeCandles
) -> None:
    answer = client.put(BITCOIN)
    assert answer.status_code == 200, answer.text
    assert answer.json == {"followed": listed(client)}
    (shown,) = listed(client)
    assert (shown["ticker"], shown["interval"], shown["newest"]) == ("BTC-USD", "1h", None)
    assert shown["since"].endswith("Z")
    store.upsert("BTC-USD", "1h", "test", make_candles(24))
    assert listed(client)[0]["newest"] == "2019-01-01T23:00:00Z"
    assert client.delete(BITCOIN).status_code == 204
    assert listed(client) == []
    gone = client.delete(BITCOIN)
    assert gone.status_code == 404
    assert gone.json is not None
    assert gone.json["details"] == {"ticker": "BTC-USD", "interval": "1h", "followed": []}


@pytest.mark.usefixtures("by_setting")
def test_unfollowing_what_the_setting_names_is_409_naming_it(client: FlaskClient) -> None:
    answer = client.delete("/api/v1/market/followed/ETH-USD/4h")
    assert answer.status_code == 409
    assert answer.json is not None
    assert (answer.json["error_code"], answer.json["details"]["setting"]) == ("followed_by_setting", "FOLLOW")
    assert listed(client) == [
        {"ticker": "ETH-USD", "interval": "4h", "by_setting": True, "since": None, "newest": None}
    ]


@pytest.mark.usefixtures("database")
def test_a_wrong_address_names_the_field(client: FlaskClient) -> None:
    answer = client.put("/api/v1/market/followed/BTC-USD/2h")
    assert answer.status_code == 422
    assert answer.json is not None
    assert answer.json["details"] == {"field": "interval", "value": "2h"}


def test_a_series_is_followed_and_unfollowed_by_command(run: Callable[..., Result]) -> None:
    result = run("follow", "BTC-USD", "--interval", "4h")
    assert (result.exit_code, "no candle is stored yet" in result.output) == (0, True), result.output
    assert "BTC-USD" in run("follow").output
    assert run("unfollow", "BTC-USD", "--interval", "4h").exit_code == 0
    result = run("unfollow", "BTC-USD", "--interval", "4h")
    assert (result.exit_code, "is not followed" in result.output) == (1, True)
    assert run("follow", "bitcoin").exit_code == 1


@pytest.mark.parametrize("wrong", ["BTC-USD", "btc 1h", "BTC-USD 2h", "", "BTC-USD 1h 4h"])
def test_a_setting_that_names_no_series_is_refused_at_the_start(wrong: str) -> None:
    with (
        pytest.raises(InvalidSettings, match="FOLLOW") as refused,
        application(follow=["BTC-USD 1h", wrong]),
    ):
        pass
    assert repr(wrong) in str(refused.value)
    assert refused.value.details["variables"] == ["FOLLOW"]
