"""Every fault of the local exchange against the real classes of ccxt: recovered, or named."""

from __future__ import annotations

import time
from collections.abc import Callable

import numpy as np
import pytest

from server.errors import InvalidInput
from server.market.candles import COLUMNS, Candles
from server.market.courtesy.calling import Courtesy
from server.market.sources.ccxt_rest import CcxtSource
from server.market.sources.contract import (
    HistoryNotOffered,
    IntervalNotOffered,
    MarketInactive,
    MarketUnknown,
    RateLimited,
    SourceAnswerUnusable,
    SourceError,
    SourcePaused,
    SourceRefused,
    SourceUnreachable,
)
from tests.candles import sample_candles
from tests.exchange.running import RunningExchange
from tests.market.conftest import NOON

HOUR = 3600
DAY = 86_400
NAMES = ("binance", "kraken", "coinbase")
CANDLES = {"binance": "klines", "kraken": "OHLC", "coinbase": "candles"}
SourceOf = Callable[..., CcxtSource]


def recorded(since: int, until: int) -> Candles:
    """The sample's candles with ``since <= open < until``."""
    sample = sample_candles()
    first, end = np.searchsorted(sample.timestamp, [since, until])
    return sample[int(first) : int(end)]


def assert_same(found: Candles, expected: Candles) -> None:
    for name in COLUMNS:
        np.testing.assert_array_equal(getattr(found, name), getattr(expected, name), err_msg=name)


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


@pytest.mark.parametrize("name", NAMES)
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
@pytest.mark.parametrize("name", NAMES)
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


@pytest.mark.parametrize("name", NAMES)
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


@pytest.mark.parametrize("name", NAMES)
def test_prices_are_the_last_trades_by_the_exchanges_clock(source_of: SourceOf, name: str) -> None:
    prices = source_of(name).fetch_prices(["BTC-USD", "ETH-USD", "DOGE-USD", "WAVES-USD"])
    assert list(prices) == ["BTC-USD", "ETH-USD"]
    low, high = (getattr(recorded(NOON, NOON + HOUR), side)[0] for side in ("low", "high"))
    assert low <= prices["BTC-USD"].price <= high
    assert prices["BTC-USD"].timestamp == pytest.approx(NOON + 1800, abs=1)
    assert prices["BTC-USD"].source == ("binance:BTC/USDT" if name == "binance" else name)


TRANSIENT = [
    ("status", {"status": 500}),
    ("status", {"status": 503}),
    ("status", {"status": 429}),
    ("status", {"status": 429, "retry_after": 0.2}),
    ("status", {"status": 418, "retry_after": 0.2}),
    ("cut", {}),
    ("malformed", {}),
    ("wrong_shape", {}),
    ("wrong_price", {}),
    ("not_a_number", {}),
    ("off_grid", {}),
    ("duplicate", {"different": True}),
]


@pytest.mark.parametrize("name", NAMES)
@pytest.mark.parametrize(("kind", "parameters"), TRANSIENT)
def test_a_fault_that_passes_leaves_no_trace_in_the_candles(
    source_of: SourceOf, exchange: RunningExchange, name: str, kind: str, parameters: dict[str, object]
) -> None:
    source = source_of(name)
    source.markets()
    exchange.fault(kind, where=CANDLES[name], times=2, **parameters)
    page = source.fetch_candles("BTC-USD", "1h", NOON - 10 * HOUR)
    assert_same(page.candles, recorded(NOON - 10 * HOUR, NOON))
    assert len(exchange.calls(CANDLES[name])) == 3


@pytest.mark.parametrize("name", NAMES)
@pytest.mark.parametrize("kind", ["duplicate", "out_of_order"])
def test_repeated_and_disordered_candles_are_put_right(
    source_of: SourceOf, exchange: RunningExchange, name: str, kind: str
) -> None:
    exchange.fault(kind, where=CANDLES[name], times=None)
    page = source_of(name).fetch_candles("BTC-USD", "1h", NOON - 10 * HOUR)
    assert_same(page.candles, recorded(NOON - 10 * HOUR, NOON))


@pytest.mark.parametrize("name", NAMES)
def test_a_missing_candle_stays_missing_and_the_rest_is_right(
    source_of: SourceOf, exchange: RunningExchange, name: str
) -> None:
    exchange.fault("missing", where=CANDLES[name], position=4)
    page = source_of(name).fetch_candles("BTC-USD", "1h", NOON - 10 * HOUR)
    whole = recorded(NOON - 10 * HOUR, NOON)
    missing = set(whole.timestamp.tolist()) - set(page.candles.timestamp.tolist())
    assert len(missing) == 1
    assert set(page.candles.close) <= set(whole.close)


LASTING = [
    ("status", {"status": 500}, SourceUnreachable, 4),
    ("status", {"status": 429}, RateLimited, 4),
    ("status", {"status": 429, "retry_after": 600}, RateLimited, 1),
    ("status", {"status": 418, "retry_after": 600}, RateLimited, 1),
    ("status", {"status": 401}, SourceRefused, 1),
    ("status", {"status": 403}, SourceRefused, 1),
    ("status", {"status": 404}, SourceRefused, 1),
    ("status", {"status": 451}, SourceRefused, 1),
    ("cut", {}, SourceUnreachable, 4),
    ("slow", {"seconds": 0.6}, SourceUnreachable, 4),
    ("drip", {"seconds": 0.02}, SourceUnreachable, 4),
    ("malformed", {}, SourceAnswerUnusable, 4),
    ("wrong_shape", {}, SourceAnswerUnusable, 4),
    ("wrong_shape", {"body": []}, SourceAnswerUnusable, 4),
    ("wrong_price", {}, SourceAnswerUnusable, 4),
    ("not_a_number", {}, SourceAnswerUnusable, 4),
    ("off_grid", {}, SourceAnswerUnusable, 4),
]


@pytest.mark.parametrize("name", NAMES)
@pytest.mark.parametrize(("kind", "parameters", "expected", "calls"), LASTING)
def test_a_fault_that_lasts_is_named_after_as_many_calls_as_it_deserves(
    source_of: SourceOf,
    exchange: RunningExchange,
    name: str,
    kind: str,
    parameters: dict[str, object],
    expected: type[SourceError],
    calls: int,
) -> None:
    if name == "binance" and parameters.get("body") == []:
        pytest.skip("to Binance an empty list is a true answer without candles")
    source = source_of(name, timeout=0.3 if kind in ("slow", "drip") else 5.0)
    source.markets()
    exchange.fault(kind, where=CANDLES[name], times=None, **parameters)
    with pytest.raises(SourceError) as caught:
        source.fetch_candles("BTC-USD", "1h", NOON - 10 * HOUR)
    assert type(caught.value) is expected, caught.value.message
    assert caught.value.source == name
    assert name in caught.value.message
    assert len(exchange.calls(CANDLES[name])) == calls


def test_an_exchange_that_is_not_there_is_unreachable(courtesy: Callable[..., Courtesy]) -> None:
    source = CcxtSource("kraken", courtesy("kraken"), base_url="http://127.0.0.1:1")
    with pytest.raises(SourceUnreachable, match="kraken was not reached"):
        source.listing("BTC-USD")
    source.close()


@pytest.mark.parametrize("name", NAMES)
def test_an_empty_list_of_markets_is_no_list_of_markets(
    source_of: SourceOf, exchange: RunningExchange, name: str
) -> None:
    where = {"binance": "exchangeInfo", "kraken": "AssetPairs", "coinbase": "products"}[name]
    source = source_of(name)
    exchange.fault("wrong_shape", where=where, times=None)
    with pytest.raises(SourceAnswerUnusable):
        source.listing("BTC-USD")
    exchange.calm()
    assert source.listing("BTC-USD").ticker == "BTC-USD"


def test_the_time_that_an_exchange_asks_for_is_waited(source_of: SourceOf, exchange: RunningExchange) -> None:
    source = source_of("binance")
    source.markets()
    exchange.fault("status", where="klines", status=429, retry_after=1)
    started = time.monotonic()
    source.fetch_candles("BTC-USD", "1h", NOON - HOUR)
    assert 1.0 <= time.monotonic() - started < 3.0
    assert len(exchange.calls("klines")) == 2


def test_after_five_failures_an_exchange_is_left_alone_and_one_call_tries_it_again(
    source_of: SourceOf, exchange: RunningExchange
) -> None:
    source = source_of("kraken", pause=0.5)
    source.markets()
    exchange.fault("status", where="OHLC", times=None, status=502)
    with pytest.raises(SourceUnreachable):
        source.fetch_candles("BTC-USD", "1h", NOON - HOUR)
    with pytest.raises(SourcePaused, match="kraken failed too often") as caught:
        source.fetch_candles("BTC-USD", "1h", NOON - HOUR)
    assert 0 < caught.value.retry_after <= 0.5
    assert len(exchange.calls("OHLC")) == 5
    exchange.calm()
    time.sleep(caught.value.retry_after)
    assert len(source.fetch_candles("BTC-USD", "1h", NOON - HOUR).candles) == 1
