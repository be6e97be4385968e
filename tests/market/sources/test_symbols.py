"""Tickers and the symbols of exchanges."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from server.errors import InvalidInput
from server.market.sources.contract import MarketInactive, MarketUnknown
from server.market.sources.symbols import (
    exchange_of,
    find_listing,
    flat_source,
    source_of,
    symbols_of,
    ticker_of,
)

CODES = st.text("ABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789", min_size=1, max_size=15)
TICKERS = st.builds("{}-{}".format, CODES, CODES)
EXCHANGES = st.sampled_from(["kraken", "coinbase", "binance"])


def market(active: bool | None = True, spot: bool = True) -> dict[str, Any]:
    return {"spot": spot, "active": active}


@given(TICKERS)
def test_a_ticker_and_its_first_symbol_name_each_other(ticker: str) -> None:
    assert ticker_of(symbols_of(ticker)[0]) == ticker


@given(TICKERS, EXCHANGES)
def test_an_exact_market_wins_and_is_marked_with_the_exchange_alone(ticker: str, exchange: str) -> None:
    listed = {symbol: market() for symbol in symbols_of(ticker)}
    listing = find_listing(ticker, listed, exchange)
    assert (listing.ticker, listing.symbol) == (ticker, symbols_of(ticker)[0])
    assert listing.source == exchange


@given(CODES.filter(lambda code: code not in ("USDT", "USDC")), EXCHANGES)
def test_a_stand_in_quote_is_written_on_the_row(base: str, exchange: str) -> None:
    listing = find_listing(f"{base}-USD", {f"{base}/USDT": market(), f"{base}/USDC": market()}, exchange)
    assert listing.source == f"{exchange}:{base}/USDT"
    assert exchange_of(listing.source) == exchange_of(flat_source(listing.source)) == exchange


@given(TICKERS.filter(lambda ticker: not ticker.endswith("-USD")))
def test_no_quote_but_the_dollar_has_a_stand_in(ticker: str) -> None:
    assert len(symbols_of(ticker)) == 1


@given(st.text(max_size=20))
def test_a_symbol_that_is_no_spot_market_is_no_ticker(symbol: str) -> None:
    ticker = ticker_of(symbol)
    assert ticker is None or symbols_of(ticker)[0] == symbol or "-" in symbol


@given(TICKERS, EXCHANGES)
def test_the_mark_of_filled_candles_is_put_on_once(ticker: str, exchange: str) -> None:
    marked = flat_source(source_of(exchange, ticker, symbols_of(ticker)[-1]))
    assert flat_source(marked) == marked
    assert marked.endswith(":flat")


@pytest.mark.parametrize("ticker", ["", "BTC", "btc-usd", "BTC/USD", "BTC-USD-X", "BTC-", "BTC-USD\n"])
def test_what_is_no_ticker_is_refused(ticker: str) -> None:
    with pytest.raises(InvalidInput, match="not BASE-QUOTE"):
        symbols_of(ticker)


def test_a_halted_market_gives_way_to_a_stand_in_that_is_traded() -> None:
    listed = {"BTC/USD": market(active=False), "BTC/USDT": market(active=None)}
    assert find_listing("BTC-USD", listed, "kraken").symbol == "BTC/USDT"


def test_only_halted_markets_are_named_as_such() -> None:
    with pytest.raises(MarketInactive, match="BTC/USD is halted or delisted"):
        find_listing("BTC-USD", {"BTC/USD": market(active=False)}, "kraken")


def test_futures_are_not_what_a_ticker_means() -> None:
    with pytest.raises(MarketUnknown, match="looked for BTC/USD, BTC/USDT, BTC/USDC"):
        find_listing("BTC-USD", {"BTC/USD": market(spot=False)}, "kraken")
