"""CoinGecko's own client against the local exchange."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import closing

import pytest

from server.market.courtesy.breaker import FAILURES
from server.market.courtesy.calling import Courtesy
from server.market.sources.coingecko import CoinGeckoSource
from server.market.sources.contract import (
    MarketUnknown,
    RateLimited,
    SourceAnswerUnusable,
    SourceError,
    SourceRefused,
    SourceUnreachable,
)
from tests.exchange.running import RunningExchange


@pytest.fixture
def coins(exchange: RunningExchange, courtesy: Callable[..., Courtesy]) -> Iterator[CoinGeckoSource]:
    made = CoinGeckoSource(courtesy("coingecko"), base_url=exchange.url, timeout=1.0)
    with closing(made):
        yield made


def test_coins_come_by_market_cap_and_page_by_page(coins: CoinGeckoSource) -> None:
    first, second = coins.fetch_coins(1, rows=1), coins.fetch_coins(2, rows=1)
    assert [coin.symbol for coin in first + second] == ["BTC", "ETH"]
    bitcoin = first[0]
    assert (bitcoin.coin_id, bitcoin.name, bitcoin.market_cap_rank) == ("bitcoin", "Bitcoin", 1)
    assert bitcoin.price is not None
    assert bitcoin.circulating_supply is not None
    assert bitcoin.market_cap == pytest.approx(bitcoin.price * bitcoin.circulating_supply)
    assert not coins.fetch_coins(3, rows=1)


def test_what_is_known_of_a_coin(coins: CoinGeckoSource) -> None:
    bitcoin = coins.fetch_coin("bitcoin")
    assert (bitcoin.symbol, bitcoin.name) == ("BTC", "Bitcoin")
    assert bitcoin.homepage == "https://example.org"
    assert bitcoin.genesis_date == "2009-01-03"


def test_a_coin_that_there_is_not_is_named_and_is_no_failure_of_the_source(
    coins: CoinGeckoSource, exchange: RunningExchange
) -> None:
    for _ in range(FAILURES + 1):
        with pytest.raises(MarketUnknown, match="coingecko knows no coin 'nonsense'"):
            coins.fetch_coin("nonsense")
    assert len(exchange.calls("nonsense")) == FAILURES + 1, "asked once each time"
    assert coins.fetch_coin("bitcoin").name == "Bitcoin"


@pytest.mark.parametrize(
    ("kind", "parameters"),
    [
        ("status", {"status": 500}),
        ("status", {"status": 408}),
        ("status", {"status": 429, "retry_after": 0.2}),
        ("cut", {}),
        ("malformed", {}),
        ("wrong_shape", {"body": [{"id": 7}]}),
    ],
)
def test_a_fault_that_passes_is_got_over(
    coins: CoinGeckoSource, exchange: RunningExchange, kind: str, parameters: dict[str, object]
) -> None:
    exchange.fault(kind, times=2, where="coingecko", **parameters)
    assert len(coins.fetch_coins()) == 2
    assert len(exchange.calls("coingecko")) == 3


@pytest.mark.parametrize(
    ("kind", "parameters", "expected", "calls"),
    [
        ("status", {"status": 500}, SourceUnreachable, 4),
        ("status", {"status": 429, "retry_after": 600}, RateLimited, 1),
        ("status", {"status": 401}, SourceRefused, 1),
        ("status", {"status": 403}, SourceRefused, 1),
        ("slow", {"seconds": 1.5}, SourceUnreachable, 4),
        ("cut", {}, SourceUnreachable, 4),
        ("malformed", {}, SourceAnswerUnusable, 4),
        ("wrong_shape", {}, SourceAnswerUnusable, 4),
    ],
)
def test_a_fault_that_lasts_is_named(
    coins: CoinGeckoSource,
    exchange: RunningExchange,
    kind: str,
    parameters: dict[str, object],
    expected: type[SourceError],
    calls: int,
) -> None:
    exchange.fault(kind, times=None, where="coingecko", **parameters)
    with pytest.raises(SourceError) as caught:
        coins.fetch_coins()
    assert type(caught.value) is expected, caught.value.message
    assert len(exchange.calls("coingecko")) == calls
