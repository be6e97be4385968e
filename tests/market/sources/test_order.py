"""Which source is asked for what."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import ExitStack, closing
from dataclasses import replace

import pytest

from server.config import PROJECT_ROOT, InvalidSettings, Settings
from server.market.sources.order import NoSource, Sources
from tests.exchange.running import RunningExchange
from tests.market.backfilled import NOON

HOUR = 3600


@pytest.fixture
def sources_of(market_settings: Settings) -> Iterator[Callable[..., Sources]]:
    """Makes the sources of changed settings."""
    with ExitStack() as stack:
        yield lambda **changes: stack.enter_context(closing(Sources(replace(market_settings, **changes))))


def test_the_first_source_that_has_a_series_is_chosen(sources_of: Callable[..., Sources]) -> None:
    sources = sources_of()
    assert sources.choose("BTC-USD", "1h").name == "coinbase"
    assert sources.choose("BTC-USD", "4h").name == "kraken", "coinbase has no candles of 4h"
    assert sources.choose("BTC-USD", "4h", NOON - 1000 * 4 * HOUR).name == "binance", "kraken keeps 720"
    assert sources.choose("BTC-USD", "1h") is sources.choose("ETH-USD", "1h")


def test_a_source_chosen_for_a_ticker_is_the_only_one_asked(
    sources_of: Callable[..., Sources], exchange: RunningExchange
) -> None:
    sources = sources_of(market_source_of=["BTC-USD=kraken"])
    assert sources.names("BTC-USD") == ("kraken",)
    assert sources.choose("BTC-USD", "1h").name == "kraken"
    assert sources.choose("ETH-USD", "1h").name == "coinbase"
    with pytest.raises(NoSource, match="kraken: kraken keeps 720"):
        sources.choose("BTC-USD", "1h", NOON - 1000 * HOUR)
    assert not exchange.calls("binance")


def test_a_source_that_fails_gives_way_to_the_next(
    sources_of: Callable[..., Sources], exchange: RunningExchange
) -> None:
    exchange.fault("status", times=None, where="api.coinbase.com", status=403)
    assert sources_of().choose("BTC-USD", "1h").name == "kraken"


def test_when_no_source_can_each_says_why(
    sources_of: Callable[..., Sources], exchange: RunningExchange
) -> None:
    exchange.fault("status", times=None, where="api.kraken.com", status=403)
    with pytest.raises(NoSource) as caught:
        sources_of().choose("DOGE-USD", "1h")
    assert caught.value.details["reasons"] == {
        "coinbase": "market_unknown",
        "kraken": "source_refused",
        "binance": "market_unknown",
    }
    assert "binance lists no market for DOGE-USD" in caught.value.message


def test_prices_come_from_the_first_source_that_has_each(
    sources_of: Callable[..., Sources], exchange: RunningExchange
) -> None:
    prices = sources_of(market_source_of=["ETH-USD=binance"]).prices(["BTC-USD", "ETH-USD", "DOGE-USD"])
    assert {ticker: price.source for ticker, price in prices.items()} == {
        "BTC-USD": "coinbase",
        "ETH-USD": "binance:ETH/USDT",
    }
    exchange.fault("status", times=None, status=403)
    with pytest.raises(NoSource, match="No source has prices of BTC-USD"):
        sources_of().prices(["BTC-USD"])


def test_a_market_that_one_source_has_no_more_costs_no_other_its_price(
    sources_of: Callable[..., Sources], exchange: RunningExchange
) -> None:
    invalid_symbol = {"code": -1121, "msg": "Invalid symbol."}
    exchange.fault("status", where="ticker/24hr", status=400, body=invalid_symbol)
    prices = sources_of(market_source_of=["ETH-USD=binance"]).prices(["ETH-USD", "BTC-USD"])
    assert list(prices) == ["BTC-USD"]


def test_the_state_of_every_source_is_read_without_asking_any(
    sources_of: Callable[..., Sources], exchange: RunningExchange
) -> None:
    sources = sources_of()
    assert [state.source for state in sources.states()] == ["coinbase", "kraken", "binance", "coingecko"]
    assert {state.state for state in sources.states()} == {"closed"}
    assert not exchange.calls()


def test_the_order_and_the_states_are_read_without_loading_ccxt() -> None:
    script = "import server.market.sources.order, sys; print(*sys.modules)"
    loaded = subprocess.run(
        [sys.executable, "-c", script], cwd=PROJECT_ROOT, capture_output=True, text=True, check=True
    )
    assert not {"ccxt", "coingecko_sdk", "tenacity", "aiohttp"} & set(loaded.stdout.split())


@pytest.mark.parametrize(
    ("changes", "variable"),
    [
        ({"exchange_urls": ["http://127.0.0.1:9"]}, "EXCHANGE_URLS"),
        ({"market_source_of": ["BTC-USD"]}, "MARKET_SOURCE_OF"),
        ({"market_rates": ["kraken="]}, "MARKET_RATES"),
        ({"market_rates": ["kraken=often"]}, "MARKET_RATES"),
        ({"market_sources": ["mtgox"]}, "MARKET_SOURCES"),
    ],
)
def test_settings_that_cannot_be_used_are_named(
    sources_of: Callable[..., Sources], changes: dict[str, list[str]], variable: str
) -> None:
    with pytest.raises(InvalidSettings, match=variable):
        sources_of(**changes).choose("BTC-USD", "1h")
