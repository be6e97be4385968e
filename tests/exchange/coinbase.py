"""Coinbase's public Advanced Trade protocol: coins against USD; candles in windows, trades by WebSocket."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

from tests.exchange.venue import Market, Refusal, Subscription

STEPS = {
    "ONE_MINUTE": 60,
    "FIVE_MINUTE": 300,
    "FIFTEEN_MINUTE": 900,
    "THIRTY_MINUTE": 1800,
    "ONE_HOUR": 3600,
    "ONE_DAY": 86400,
}
PAGE_ROWS = 350
_PRODUCTS = "/api/v3/brokerage/market/products"


class Coinbase:
    """Market data by REST (``/api/v3/brokerage/market``); the WebSocket has no candles that ccxt reads."""

    rest_host = "api.coinbase.com"
    socket_host = "advanced-trade-ws.coinbase.com"

    def __init__(self, market: Market) -> None:
        self._market = market

    def answer(self, path: str, query: dict[str, str]) -> Any:
        if path == "/v2/time":
            now = self._market.clock.now()
            return {"data": {"epoch": int(now), "iso": _iso(now)}}
        if path in ("/v2/currencies", "/v2/currencies/crypto"):
            return {"data": []}
        if path == "/v2/exchange-rates":
            return {"data": {"currency": "USD", "rates": {}}}
        if path == _PRODUCTS:
            return {"products": self._products(query), "num_products": len(self._market.coins)}
        if path.startswith(f"{_PRODUCTS}/"):
            product, _, call = path.removeprefix(f"{_PRODUCTS}/").partition("/")
            return {"candles": self._candles, "ticker": self._trades}[call](self._code(product), query)
        raise KeyError(path)

    def receive(self, message: dict[str, Any], subscriptions: set[Subscription]) -> list[dict[str, Any]]:
        channel = {"market_trades": "trade", "ticker": "ticker"}.get(message["channel"])
        try:
            wanted = {Subscription(channel or "", self._code(each)) for each in message["product_ids"]}
        except Refusal:
            return [{"type": "error", "message": "Failed to subscribe: unknown product"}]
        if message["type"] == "subscribe":
            subscriptions |= wanted
        else:
            subscriptions -= wanted
        return [{"channel": "subscriptions", "events": [{"subscriptions": {}}]}]

    def frames(self, subscription: Subscription, after: float, until: float) -> list[dict[str, Any]]:
        trades = list(self._market.coins[subscription.code].tape.trades(after, until))
        if subscription.channel == "trade":
            return [self._trade(subscription.code, *trade) for trade in trades]
        return [self._ticker(subscription.code)] if trades else []

    def idle(self) -> None:
        return None

    def _products(self, query: dict[str, str]) -> list[dict[str, Any]]:
        if query.get("product_type") == "FUTURE":
            return []
        return [self._product(code) for code in self._market.coins]

    def _product(self, code: str) -> dict[str, Any]:
        coin = self._market.coins[code]
        return {
            "product_id": f"{code}-USD",
            "price": str(self._market.day(code)[4]) if coin.trading else "",
            "base_increment": "0.00000001",
            "quote_increment": "0.01",
            "base_min_size": "0.00000001",
            "base_max_size": "3400",
            "quote_min_size": "1",
            "base_name": coin.name,
            "status": "online" if coin.trading else "delisted",
            "trading_disabled": not coin.trading,
            "product_type": "SPOT",
            "quote_currency_id": "USD",
            "base_currency_id": code,
            "price_increment": "0.01",
            "alias_to": [],
        }

    def _candles(self, code: str, query: dict[str, str]) -> Any:
        step, tape = STEPS.get(query["granularity"], 0), self._market.coins[code].tape
        start, end = float(query["start"]), float(query["end"])
        if not tape.offers(step) or (end - start) / step > PAGE_ROWS:
            raise Refusal(400, {"error": "INVALID_ARGUMENT", "error_description": "start and end too far"})
        rows = self._market.candles(code, step, start, end + 1, f"{self.rest_host}/candles")
        names = ("start", "open", "high", "low", "close", "volume")
        # The newest first, as the real one answers.
        return {"candles": [dict(zip(names, map(str, row), strict=True)) for row in reversed(rows)]}

    def _trades(self, code: str, query: dict[str, str]) -> Any:
        last = str(self._market.day(code)[4])
        trade = {"trade_id": "1", "product_id": f"{code}-USD", "price": last, "size": "1", "side": "BUY"}
        now = _iso(self._market.clock.now())
        return {"trades": [{**trade, "time": now}], "best_bid": last, "best_ask": last}

    def _code(self, product: str) -> str:
        code = product.removesuffix("-USD")
        if code == product or code not in self._market.coins:
            raise Refusal(404, {"error": "NOT_FOUND", "error_description": "valid product_id is required"})
        return code

    def _trade(self, code: str, moment: float, price: float, amount: float) -> dict[str, Any]:
        trade = {
            "trade_id": str(int(moment * 1000)),
            "product_id": f"{code}-USD",
            "price": str(price),
            "size": str(amount),
            "side": "BUY",
            "time": _iso(moment),
        }
        return self._event("market_trades", {"type": "update", "trades": [trade]})

    def _ticker(self, code: str) -> dict[str, Any]:
        _, _, high, low, last, volume = self._market.day(code)
        ticker = {
            "type": "ticker",
            "product_id": f"{code}-USD",
            "price": str(last),
            "volume_24_h": str(volume),
            "low_24_h": str(low),
            "high_24_h": str(high),
        }
        return self._event("ticker", {"type": "update", "tickers": [ticker]})

    def _event(self, channel: str, event: dict[str, Any]) -> dict[str, Any]:
        now = _iso(self._market.clock.now())
        return {"channel": channel, "timestamp": now, "sequence_num": 0, "events": [event]}


def _iso(moment: float) -> str:
    return datetime.fromtimestamp(moment, UTC).strftime("%Y-%m-%dT%H:%M:%S.%fZ")
