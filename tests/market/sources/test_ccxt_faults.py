"""Every fault of the local exchange against the real classes of ccxt: recovered, or named."""

from __future__ import annotations

import time
from collections.abc import Callable

import pytest

from server.market.courtesy.calling import Courtesy
from server.market.sources.ccxt_rest import CcxtSource
from server.market.sources.contract import (
    MarketUnknown,
    RateLimited,
    SourceAnswerUnusable,
    SourceError,
    SourcePaused,
    SourceRefused,
    SourceUnreachable,
)
from tests.exchange.running import RunningExchange
from tests.market.backfilled import HOUR, NOON
from tests.market.sources.recorded import EXCHANGES, assert_same, recorded

CANDLES = {"binance": "klines", "kraken": "OHLC", "coinbase": "candles"}
INVALID_SYMBOL = {"code": -1121, "msg": "Invalid symbol."}
SourceOf = Callable[..., CcxtSource]


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


@pytest.mark.parametrize("name", EXCHANGES)
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


@pytest.mark.parametrize("name", EXCHANGES)
@pytest.mark.parametrize("kind", ["duplicate", "out_of_order"])
def test_repeated_and_disordered_candles_are_put_right(
    source_of: SourceOf, exchange: RunningExchange, name: str, kind: str
) -> None:
    exchange.fault(kind, where=CANDLES[name], times=None)
    page = source_of(name).fetch_candles("BTC-USD", "1h", NOON - 10 * HOUR)
    assert_same(page.candles, recorded(NOON - 10 * HOUR, NOON))


@pytest.mark.parametrize("name", EXCHANGES)
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


@pytest.mark.parametrize("name", EXCHANGES)
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


@pytest.mark.parametrize("name", EXCHANGES)
def test_a_market_that_is_gone_without_a_word_leaves_the_exchange_to_the_others(
    source_of: SourceOf, exchange: RunningExchange, name: str
) -> None:
    source = source_of(name)
    source.markets()
    exchange.fault("status", where=CANDLES[name], times=None, status=404)
    for _ in range(6):
        with pytest.raises(MarketUnknown, match=f"{name} has no candles of BTC/USD"):
            source.fetch_candles("BTC-USD", "1h", NOON - 10 * HOUR)
    assert len(exchange.calls(CANDLES[name])) == 6
    exchange.calm()
    assert len(source.fetch_candles("BTC-USD", "1h", NOON - HOUR).candles) == 1


@pytest.mark.parametrize("status", [401, 403])
def test_an_exchange_that_refuses_us_is_left_alone_after_five_times(
    source_of: SourceOf, exchange: RunningExchange, status: int
) -> None:
    source = source_of("kraken")
    source.markets()
    exchange.fault("status", where="OHLC", times=None, status=status)
    for expected in [SourceRefused] * 5 + [SourcePaused]:
        with pytest.raises(expected):
            source.fetch_candles("BTC-USD", "1h", NOON - 10 * HOUR)
    assert len(exchange.calls("OHLC")) == 5


def test_an_exchange_whose_list_of_markets_is_gone_refuses_us(
    source_of: SourceOf, exchange: RunningExchange
) -> None:
    exchange.fault("status", where="AssetPairs", times=None, status=404)
    with pytest.raises(SourceRefused):
        source_of("kraken").listing("BTC-USD")


def test_a_market_that_is_gone_from_the_prices_has_the_list_of_markets_asked_for_anew(
    source_of: SourceOf, exchange: RunningExchange
) -> None:
    source = source_of("binance")
    source.markets()
    exchange.fault("status", where="ticker", status=400, body=INVALID_SYMBOL)
    with pytest.raises(MarketUnknown):
        source.fetch_prices(["BTC-USD", "ETH-USD"])
    assert len(exchange.calls("exchangeInfo")) == 1
    assert len(source.fetch_prices(["BTC-USD", "ETH-USD"])) == 2
    assert len(exchange.calls("exchangeInfo")) == 2


def test_an_exchange_that_is_not_there_is_unreachable(courtesy: Callable[..., Courtesy]) -> None:
    source = CcxtSource("kraken", courtesy("kraken"), base_url="http://127.0.0.1:1")
    with pytest.raises(SourceUnreachable, match="kraken was not reached"):
        source.listing("BTC-USD")
    source.close()


@pytest.mark.parametrize("name", EXCHANGES)
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
