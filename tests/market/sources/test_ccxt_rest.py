"""Candles, prices and markets of the local exchange by the real classes of ccxt."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pytest

from server.errors import InvalidInput
from server.market.candles import COLUMNS, Candles
from server.market.sources.ccxt_rest import CcxtSource
from server.market.sources.contract import (
    HistoryNotOffered,
    IntervalNotOffered,
    MarketInactive,
    MarketUnknown,
)
from tests.candles import sample_candles
from tests.exchange.running import RunningExchange
from tests.market.backfilled import HOUR, NOON
from tests.market.sources.recorded import EXCHANGES, assert_same, recorded

DAY = 86_400
SourceOf = Callable[..., CcxtSource]


@pytest.mark.parametrize(
    ("name", "source"), [("binance", "binance:BTC/USDT"), ("kraken", "kraken"), ("coinbase", "coinbase")]
)
def test_closed_candles_arrive_as_they_were_and_the_open_one_stays_away(
    source_of: SourceOf, name: str, source: str
) -> None:
    page = source_of(name).fetch_candles("BTC-USD", "1h", NOON - 10 * HOUR)
    assert_same(page.candles, recorded(NOON - 10 * HOUR, NOON))
    assert page.source == source
    assert page.next_since is None
    assert page.exchange_time == pytest.approx(NOON + 1800, abs=1)


@pytest.mark.parametrize("name", ["binance", "coinbase"])
def test_pages_join_into_the_whole_history_without_a_seam(source_of: SourceOf, name: str) -> None:
    source, since, pages = source_of(name), NOON - 1500 * HOUR, []
    following: int | None = since
    while following is not None:
        pages.append(source.fetch_candles("BTC-USD", "1h", following))
        following = pages[-1].next_since
    assert len(pages) == {"binance": 2, "coinbase": 5}[name]
    together = Candles(
        *(np.concatenate([getattr(page.candles, column) for page in pages]) for column in COLUMNS)
    )
    assert_same(together, recorded(since, NOON))


@pytest.mark.parametrize("name", EXCHANGES)
def test_until_ends_the_pages(source_of: SourceOf, name: str) -> None:
    page = source_of(name).fetch_candles("BTC-USD", "1h", NOON - 20 * HOUR, NOON - 10 * HOUR)
    assert_same(page.candles, recorded(NOON - 20 * HOUR, NOON - 10 * HOUR))
    assert page.next_since is None


def test_a_since_between_two_opens_means_the_later_one(source_of: SourceOf) -> None:
    page = source_of("binance").fetch_candles("BTC-USD", "1h", NOON - 2 * HOUR - 17)
    assert_same(page.candles, recorded(NOON - 2 * HOUR, NOON))


def test_years_before_a_listing_are_skipped_by_the_day(
    source_of: SourceOf, exchange: RunningExchange
) -> None:
    source, first = source_of("coinbase"), int(sample_candles().timestamp[0])
    following: int | None = first - 1000 * DAY
    found = None
    while following is not None and found is None:
        page = source.fetch_candles("BTC-USD", "1h", following)
        found, following = (page if len(page.candles) else None), page.next_since
    assert found is not None
    assert int(found.candles.timestamp[0]) == first
    assert len(exchange.calls("candles")) < 12


@pytest.mark.parametrize("ahead", [-3 * DAY, 3 * DAY, 40 * DAY])
@pytest.mark.parametrize("name", EXCHANGES)
def test_the_exchanges_clock_decides_what_is_closed_however_far_ours_is_off(
    source_of: SourceOf, exchange: RunningExchange, name: str, ahead: int
) -> None:
    exchange.set_clock(now=NOON + ahead + HOUR - 1)
    page = source_of(name).fetch_candles("BTC-USD", "1h", NOON + ahead - HOUR)
    assert_same(page.candles, recorded(NOON + ahead - HOUR, NOON + ahead))


def test_a_candle_counts_as_closed_in_the_second_in_which_it_ends(
    source_of: SourceOf, exchange: RunningExchange
) -> None:
    source = source_of("kraken")
    assert not len(source.fetch_candles("BTC-USD", "1h", NOON).candles)
    exchange.set_clock(now=NOON + HOUR)
    assert_same(source.fetch_candles("BTC-USD", "1h", NOON).candles, recorded(NOON, NOON + HOUR))


def test_history_that_kraken_does_not_keep_is_an_error_and_not_a_gap(source_of: SourceOf) -> None:
    source = source_of("kraken")
    oldest = NOON - 719 * HOUR
    assert len(source.fetch_candles("BTC-USD", "1h", oldest).candles) == 719
    for call in (source.fetch_candles, source.require):
        with pytest.raises(HistoryNotOffered, match="keeps 720 candles of 1h") as caught:
            call("BTC-USD", "1h", oldest - HOUR)
        assert caught.value.oldest == oldest


@pytest.mark.parametrize("name", EXCHANGES)
def test_what_an_exchange_does_not_have_is_named(source_of: SourceOf, name: str) -> None:
    source = source_of(name)
    with pytest.raises(MarketUnknown, match=f"{name} lists no market for DOGE-USD"):
        source.fetch_candles("DOGE-USD", "1h", NOON - HOUR)
    with pytest.raises(MarketInactive, match=f"{name} does not trade WAVES-USD"):
        source.fetch_candles("WAVES-USD", "1h", NOON - HOUR)
    with pytest.raises(InvalidInput, match="not BASE-QUOTE"):
        source.fetch_candles("btc/usd", "1h", NOON - HOUR)
    assert source.tickers() == sorted(
        f"{base}-{'USDT' if name == 'binance' else 'USD'}" for base in ("BTC", "ETH")
    )


def test_an_interval_that_an_exchange_does_not_offer_is_named_before_it_is_asked(
    source_of: SourceOf, exchange: RunningExchange
) -> None:
    with pytest.raises(IntervalNotOffered, match="coinbase has no candles of 4h; it has 1m, 5m"):
        source_of("coinbase").fetch_candles("BTC-USD", "4h", NOON - DAY)
    assert not exchange.calls()


@pytest.mark.parametrize("name", EXCHANGES)
def test_prices_are_the_last_trades_by_the_exchanges_clock(source_of: SourceOf, name: str) -> None:
    prices = source_of(name).fetch_prices(["BTC-USD", "ETH-USD", "DOGE-USD", "WAVES-USD"])
    assert list(prices) == ["BTC-USD", "ETH-USD"]
    low, high = (getattr(recorded(NOON, NOON + HOUR), side)[0] for side in ("low", "high"))
    assert low <= prices["BTC-USD"].price <= high
    assert prices["BTC-USD"].timestamp == pytest.approx(NOON + 1800, abs=1)
    assert prices["BTC-USD"].source == ("binance:BTC/USDT" if name == "binance" else name)


@pytest.mark.parametrize("never_traded", ["0.00000000", None])
def test_a_market_in_which_nothing_was_traded_yet_costs_no_other_its_price(
    source_of: SourceOf, exchange: RunningExchange, never_traded: str | None
) -> None:
    prices_now = {"BTCUSDT": never_traded, "ETHUSDT": "450.5"}
    last_prices = [{"symbol": symbol, "lastPrice": price} for symbol, price in prices_now.items()]
    exchange.fault("wrong_shape", where="ticker", times=None, body=last_prices)
    prices = source_of("binance").fetch_prices(["BTC-USD", "ETH-USD"])
    assert {ticker: each.price for ticker, each in prices.items()} == {"ETH-USD": 450.5}
