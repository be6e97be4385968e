"""From tickers to the symbols of exchanges and back, and what a row says about where it came from."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

from server.market.candles import TICKER_PATTERN, require_ticker
from server.market.sources.contract import Listing, MarketInactive, MarketUnknown

FALLBACK_QUOTES = {"USD": ("USDT", "USDC")}
"""What stands in for a quote where an exchange has no market in it: its stablecoins, the largest first."""
FLAT = ":flat"
"""Ends the source of a candle that was filled in for a time without trades."""


def symbols_of(ticker: str) -> tuple[str, ...]:
    """The symbols under which an exchange may list a ticker, the exact one first: ``BTC/USD``, ``BTC/USDT``.

    Raises :class:`server.errors.InvalidInput` for a ticker that is none.
    """
    base, _, quote = require_ticker(ticker).partition("-")
    stand_ins = [each for each in FALLBACK_QUOTES.get(quote, ()) if each != base]
    return tuple(f"{base}/{each}" for each in (quote, *stand_ins))


def ticker_of(symbol: str) -> str | None:
    """The ticker of an exchange's spot symbol; None for one that cannot be written as a ticker."""
    ticker = symbol.replace("/", "-", 1)
    return ticker if re.fullmatch(TICKER_PATTERN, ticker) else None


def find_listing(ticker: str, markets: Mapping[str, Mapping[str, Any]], exchange: str) -> Listing:
    """The market of ``ticker`` among an exchange's ``markets`` (by symbol, as ccxt describes them).

    Raises :class:`MarketUnknown`, or :class:`MarketInactive` when all it has is not traded.
    """
    listed = [symbol for symbol in symbols_of(ticker) if markets.get(symbol, {}).get("spot")]
    for symbol in listed:
        # None means that the exchange does not say.
        if markets[symbol].get("active") is not False:
            return Listing(ticker, symbol, source_of(exchange, ticker, symbol))
    if listed:
        raise MarketInactive(
            f"{exchange} does not trade {ticker} ({listed[0]} is halted or delisted); choose another source",
            source=exchange,
            ticker=ticker,
            symbol=listed[0],
        )
    raise MarketUnknown(
        f"{exchange} lists no market for {ticker} (looked for {', '.join(symbols_of(ticker))})",
        source=exchange,
        ticker=ticker,
    )


def source_of(exchange: str, ticker: str, symbol: str) -> str:
    """What rows are marked with: ``kraken``, or ``binance:BTC/USDT`` where another quote stands in."""
    return exchange if ticker_of(symbol) == ticker else f"{exchange}:{symbol}"


def flat_source(source: str) -> str:
    """The mark of candles that were filled in for times without trades."""
    return source if source.endswith(FLAT) else source + FLAT


def exchange_of(source: str) -> str:
    """The exchange that a row's mark names."""
    return source.partition(":")[0]
