"""Binance's public spot protocol: coins against USDT."""

from __future__ import annotations

import json
from typing import Any

from tests.exchange.tape import Row
from tests.exchange.venue import DAY, Market, Refusal, Subscription, kline_moments

STEPS = {"1m": 60, "5m": 300, "15m": 900, "30m": 1800, "1h": 3600, "4h": 14400, "1d": 86400}
NAMES = {step: name for name, step in STEPS.items()}
PAGE_ROWS = 1000
_TICKER_EVENTS = {"ticker": "24hrTicker", "miniTicker": "24hrMiniTicker"}


class Binance:
    """Spot market data by REST (``/api/v3``) and WebSocket streams."""

    rest_host = "api.binance.com"
    socket_host = "stream.binance.com:9443"

    def __init__(self, market: Market) -> None:
        self._market = market

    def answer(self, path: str, query: dict[str, str]) -> Any:
        if path == "/api/v3/time":
            return {"serverTime": int(self._market.clock.now() * 1000)}
        if path == "/api/v3/exchangeInfo":
            return {"timezone": "UTC", "symbols": [self._listing(code) for code in self._market.coins]}
        if path == "/api/v3/klines":
            return self._klines(query)
        if path == "/api/v3/ticker/24hr":
            codes = [self._code(each) for each in json.loads(query.get("symbols", "[]"))]
            if "symbol" in query:
                return self._ticker(self._code(query["symbol"]))
            return [self._ticker(code) for code in codes or self._market.coins]
        raise KeyError(path)

    def receive(self, message: dict[str, Any], subscriptions: set[Subscription]) -> list[dict[str, Any]]:
        try:
            wanted = {self._subscription(stream) for stream in message["params"]}
        except (KeyError, Refusal):
            return [{"error": {"code": 2, "msg": "Invalid request: unknown stream"}, "id": message["id"]}]
        if message["method"] == "SUBSCRIBE":
            subscriptions |= wanted
        else:
            subscriptions -= wanted
        return [{"result": None, "id": message["id"]}]

    def frames(self, subscription: Subscription, after: float, until: float) -> list[dict[str, Any]]:
        tape = self._market.coins[subscription.code].tape
        if subscription.channel == "kline":
            moments = kline_moments(tape, subscription.step, after, until)
            return [
                self._kline(subscription, row, moment, ended)
                for moment, good, ended in moments
                for row in self._market.faults.spoil([good], self.socket_host)
            ]
        trades = list(tape.trades(after, until))
        if subscription.channel == "trade":
            return [self._trade(subscription.code, *trade) for trade in trades]
        return [self._stream_ticker(subscription)] if trades else []

    def idle(self) -> None:
        return None

    def _klines(self, query: dict[str, str]) -> list[list[Any]]:
        code, step = self._code(query["symbol"]), STEPS.get(query["interval"], 0)
        if not self._market.coins[code].tape.offers(step):
            raise Refusal(400, {"code": -1120, "msg": "Invalid interval."})
        limit = min(int(query.get("limit", 500)), PAGE_ROWS)
        end = int(query.get("endTime", 1 << 60)) / 1000 + 0.001
        start = int(query["startTime"]) / 1000 if "startTime" in query else None
        most = None if start is None else limit
        rows = self._market.candles(code, step, start or 0, end, f"{self.rest_host}/klines", most)
        return [_rest_row(row, step) for row in (rows[-limit:] if start is None else rows[:limit])]

    def _code(self, symbol: str) -> str:
        code = symbol.removesuffix("USDT")
        if code == symbol or code not in self._market.coins:
            raise Refusal(400, {"code": -1121, "msg": "Invalid symbol."})
        return code

    def _subscription(self, stream: str) -> Subscription:
        symbol, _, channel = stream.partition("@")
        kind, _, interval = channel.partition("_")
        code = self._code(symbol.upper())
        if kind == "kline":
            return Subscription("kline", code, STEPS[interval])
        return Subscription({each: each for each in ("trade", *_TICKER_EVENTS)}[kind], code)

    def _listing(self, code: str) -> dict[str, Any]:
        return {
            "symbol": f"{code}USDT",
            "status": "TRADING" if self._market.coins[code].trading else "BREAK",
            "baseAsset": code,
            "baseAssetPrecision": 8,
            "quoteAsset": "USDT",
            "quotePrecision": 8,
            "isSpotTradingAllowed": True,
            "isMarginTradingAllowed": False,
            "filters": [
                {"filterType": "PRICE_FILTER", "minPrice": "0.01", "maxPrice": "1000000", "tickSize": "0.01"},
                {"filterType": "LOT_SIZE", "minQty": "0.00001", "maxQty": "9000", "stepSize": "0.00001"},
            ],
            "permissions": ["SPOT"],
        }

    def _ticker(self, code: str) -> dict[str, Any]:
        opened, first, high, low, last, volume = self._market.day(code)
        return {
            "symbol": f"{code}USDT",
            "priceChange": str(last - first),
            "lastPrice": str(last),
            "openPrice": str(first),
            "highPrice": str(high),
            "lowPrice": str(low),
            "volume": str(volume),
            "openTime": opened * 1000,
            "closeTime": int(self._market.clock.now() * 1000),
            "count": 4,
        }

    def _kline(self, subscription: Subscription, row: Row, moment: float, ended: bool) -> dict[str, Any]:
        opened, first, high, low, close, volume = row
        return {
            "e": "kline",
            "E": int(moment * 1000),
            "s": f"{subscription.code}USDT",
            "k": {
                "t": opened * 1000,
                "T": (opened + subscription.step) * 1000 - 1,
                "s": f"{subscription.code}USDT",
                "i": NAMES[subscription.step],
                "o": str(first),
                "c": str(close),
                "h": str(high),
                "l": str(low),
                "v": str(volume),
                "x": ended,
            },
        }

    def _trade(self, code: str, moment: float, price: float, amount: float) -> dict[str, Any]:
        milliseconds = int(moment * 1000)
        return {
            "e": "trade",
            "E": milliseconds,
            "s": f"{code}USDT",
            "t": milliseconds,
            "p": str(price),
            "q": str(amount),
            "T": milliseconds,
            "m": False,
            "M": True,
        }

    def _stream_ticker(self, subscription: Subscription) -> dict[str, Any]:
        code = subscription.code
        opened, first, high, low, last, volume = self._market.day(code)
        return {
            "e": _TICKER_EVENTS[subscription.channel],
            "E": int(self._market.clock.now() * 1000),
            "s": f"{code}USDT",
            "c": str(last),
            "o": str(first),
            "h": str(high),
            "l": str(low),
            "v": str(volume),
            "O": opened * 1000,
            "C": opened * 1000 + DAY * 1000,
        }


def _rest_row(row: Row, step: int) -> list[Any]:
    opened, *numbers = row
    texts = [str(number) for number in numbers]
    return [opened * 1000, *texts, (opened + step) * 1000 - 1, "0", 4, "0", "0", "0"]
