"""The list of coins: asked for, kept when its source is away, searched and shown."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import closing
from dataclasses import replace
from typing import Any

import pytest
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import text

from server.config import Settings
from server.extensions import db
from server.market import discovery, schedules
from server.market.backfilling import Backfills
from server.market.commands import market
from server.market.jobs import Jobs
from server.market.quality_schemas import CoinsSchema
from server.market.sources.contract import CoinListing
from server.market.sources.order import Sources
from server.market.tables import COMPLETED, FAILED
from tests.exchange.running import RunningExchange
from tests.market.backfilled import Told

PATH = "/api/v1/market/coins"

pytestmark = pytest.mark.usefixtures("database")


@pytest.fixture
def backfills(market_settings: Settings) -> Iterator[Backfills]:
    quick = replace(market_settings, source_patience_seconds=0.1, source_failures=1)
    with closing(Sources(quick)) as sources:
        yield Backfills(Jobs(Told()), sources, quick)


def coins(client: FlaskClient, **query: Any) -> dict[str, Any]:
    answer = client.get(PATH, query_string=query).json
    assert answer is not None
    assert not CoinsSchema().validate(answer)
    return dict(answer)


def coin(number: int, symbol: str = "", rank: int | None = None) -> CoinListing:
    return CoinListing(
        f"coin-{number}",
        symbol or f"C{number}",
        f"Coin {number}",
        1.0,
        1e9 - number,
        rank or number,
        5.0,
        7.0,
    )


class ListedCoins:
    """A list of coins in pages, as CoinGecko sends it."""

    def __init__(self, coins: list[CoinListing]) -> None:
        self.coins = coins
        self.asked: list[int] = []

    def fetch_coins(self, page: int, rows: int) -> list[CoinListing]:
        self.asked.append(page)
        return self.coins[(page - 1) * rows : page * rows]

    def close(self) -> None:
        """It holds nothing."""


class ListedSources:
    """Sources of which one alone trades something."""

    def __init__(self, coins: list[CoinListing]) -> None:
        self.listed = ListedCoins(coins)

    def exchanges(self) -> tuple[str, ...]:
        return ("kraken",)

    def of(self, _: str) -> ListedSources:
        return self

    def tickers(self) -> list[str]:
        return ["C1-USD", "C2-USDT", "UNKNOWN-USD"]

    def coins(self) -> ListedCoins:
        return self.listed


def discover(coins: list[CoinListing], wanted: int = 1000) -> dict[str, Any]:
    return discovery.discover(ListedSources(coins), wanted)  # type: ignore[arg-type]


def test_the_schedule_stores_the_coins_and_where_they_are_traded(
    backfills: Backfills, client: FlaskClient
) -> None:
    run = schedules.run("discovery", backfills, "a worker")
    assert run["status"] == COMPLETED
    assert run["result"] == {"coins": 2, "new": 2, "tradable": 2, "silent_exchanges": []}
    answer = coins(client)
    assert answer["total"] == 2
    bitcoin = next(each for each in answer["coins"] if each["symbol"] == "BTC")
    assert (bitcoin["coin_id"], bitcoin["name"], bitcoin["ticker"]) == ("bitcoin", "Bitcoin", "BTC-USD")
    assert bitcoin["sources"] == ["coinbase", "kraken", "binance"], "Binance by its USDT market"
    assert bitcoin["market_cap"] > bitcoin["price"] > 1000
    again = schedules.run("discovery", backfills, "a worker")
    assert (again["result"]["coins"], again["result"]["new"]) == (2, 0)


def test_when_the_list_is_not_to_be_had_the_stored_coins_stay(
    backfills: Backfills, exchange: RunningExchange, client: FlaskClient
) -> None:
    schedules.run("discovery", backfills, "a worker")
    before = coins(client)
    exchange.fault("status", where="coins/markets", times=None, status=403)
    run = schedules.run("discovery", backfills, "a worker")
    assert (run["status"], run["error"]["error_code"]) == (FAILED, "source_refused")
    assert coins(client) == before


def test_of_a_silent_exchange_it_stays_known_what_it_traded(
    backfills: Backfills, exchange: RunningExchange, client: FlaskClient
) -> None:
    schedules.run("discovery", backfills, "a worker")
    with closing(Sources(backfills.settings)) as fresh:
        exchange.fault("status", where="AssetPairs", times=None, status=403)
        run = schedules.run("discovery", replace(backfills, sources=fresh), "a worker")
    assert run["result"]["silent_exchanges"] == ["kraken"]
    assert coins(client)["coins"][0]["sources"] == ["coinbase", "kraken", "binance"]


def test_all_pages_are_asked_for_and_no_more_than_wanted(client: FlaskClient) -> None:
    listed = [coin(number) for number in range(1, 601)]
    sources = ListedSources(listed)
    assert discovery.discover(sources, 500)["coins"] == 500  # type: ignore[arg-type]
    assert sources.listed.asked == [1, 2]
    assert discover(listed[:300])["coins"] == 300
    assert discover(listed, 0)["coins"] == 0
    assert coins(client)["total"] == 500


def test_a_coin_that_fell_out_of_the_list_stays_without_a_rank(client: FlaskClient) -> None:
    discover([coin(1), coin(2)])
    discover([coin(2, rank=1)])
    assert [(each["coin_id"], each["market_cap_rank"]) for each in coins(client)["coins"]] == [
        ("coin-2", 1),
        ("coin-1", None),
    ]


def test_the_largest_coin_has_the_ticker_of_a_symbol_that_several_have(client: FlaskClient) -> None:
    discover([coin(1), coin(2), coin(3, symbol="C1"), coin(4, symbol="a b?")])
    tickers = {each["coin_id"]: (each["ticker"], each["sources"]) for each in coins(client)["coins"]}
    assert tickers == {
        "coin-1": ("C1-USD", ["kraken"]),
        "coin-2": ("C2-USD", ["kraken"]),
        "coin-3": (None, []),
        "coin-4": (None, []),
    }
    assert coins(client, tradable=True)["total"] == 2


def test_coins_are_searched_and_paged(client: FlaskClient) -> None:
    discover([coin(number) for number in range(1, 121)])
    page = coins(client, page=3, page_size=50)
    assert (page["total"], len(page["coins"]), page["coins"][0]["market_cap_rank"]) == (120, 20, 101)
    assert [each["symbol"] for each in coins(client, search="c12")["coins"]] == ["C12", "C120"]
    assert coins(client, search="COIN-119")["total"] == 1
    assert coins(client, search="%")["total"] == 0, "a percent sign is a sign like others"


@pytest.mark.parametrize("query", [{"page": 0}, {"page_size": 251}, {"search": ""}, {"tradable": "maybe"}])
def test_a_question_that_cannot_be_is_refused(client: FlaskClient, query: dict[str, Any]) -> None:
    assert client.get(PATH, query_string=query).status_code == 422


def test_the_command_lists_coins(app: Flask, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("COLUMNS", "160")
    discover([coin(1), coin(2)])
    run: Callable[..., Any] = app.test_cli_runner().invoke
    shown = run(market, ["coins"]).output
    assert "Coin 1" in shown
    assert "2 of 2 coins" in shown
    assert "1 of 1 coins" in run(market, ["coins", "coin-2"]).output


def test_a_coin_keeps_the_time_at_which_it_was_last_in_the_list() -> None:
    discover([coin(1), coin(2)])
    discover([coin(2)])
    rows = db.session.execute(text("SELECT coin_id FROM coins ORDER BY updated_at")).scalars().all()
    assert rows == ["coin-1", "coin-2"]
