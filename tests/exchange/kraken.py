"""Kraken's public spot protocol: coins against USD. REST knows the last 720 candles, as the real one."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

from tests.exchange.tape import Row
from tests.exchange.venue import Market, Subscription, kline_moments

MINUTES = {1: 60, 5: 300, 15: 900, 30: 1800, 60: 3600, 240: 14400, 1440: 86400}
HISTORY_ROWS = 720
SNAPSHOT_ROWS = 5
_OLD_NAMES = {"BTC": ("XXBT", "XBT"), "ETH": ("XETH", "ETH")}


class Kraken:
    """Spot market data by REST (``/0/public``) and WebSocket version 2."""

    rest_host = "api.kraken.com"
    socket_host = "ws.kraken.com"

    def __init__(self, market: Market) -> None:
        self._market = market

    def answer(self, path: str, query: dict[str, str]) -> Any:
        calls = {
            "/0/public/Time": self._time,
            "/0/public/Assets": self._assets,
            "/0/public/AssetPairs": self._pairs,
            "/0/public/OHLC": self._candles,
            "/0/public/Ticker": self._tickers,
        }
        return calls[path](query)

    def receive(self, message: dict[str, Any], subscriptions: set[Subscription]) -> list[dict[str, Any]]:
        if message["method"] == "ping":
            return [{"method": "pong", "req_id": message.get("req_id")}]
        wanted = message["params"]
        answers: list[dict[str, Any]] = []
        for symbol in wanted["symbol"]:
            code = symbol.removesuffix("/USD")
            naming = {"method": message["method"], "req_id": message.get("req_id")}
            if code == symbol or code not in self._market.coins:
                answers.append({**naming, "success": False, "error": f"Currency pair not supported {symbol}"})
                continue
            channel = {"ohlc": "kline"}.get(wanted["channel"], wanted["channel"])
            subscription = Subscription(channel, code, MINUTES.get(wanted.get("interval"), 0))
            if message["method"] == "unsubscribe":
                subscriptions.discard(subscription)
            else:
                subscriptions.add(subscription)
            answers.append({**naming, "success": True, "result": wanted})
            answers += self._snapshot(subscription) if message["method"] == "subscribe" else []
        return answers

    def frames(self, subscription: Subscription, after: float, until: float) -> list[dict[str, Any]]:
        tape = self._market.coins[subscription.code].tape
        if subscription.channel == "kline":
            moments = kline_moments(tape, subscription.step, after, until)
            return [
                self._ohlc("update", subscription, [row])
                for _, good, _ in moments
                for row in self._market.faults.spoil([good], self.socket_host)
            ]
        trades = list(tape.trades(after, until))
        if subscription.channel == "trade":
            return [self._trade(subscription.code, *trade) for trade in trades]
        return [self._stream_ticker(subscription.code)] if trades else []

    def idle(self) -> dict[str, Any]:
        return {"channel": "heartbeat"}

    def _time(self, query: dict[str, str]) -> Any:
        return _result({"unixtime": int(self._market.clock.now())})

    def _assets(self, query: dict[str, str]) -> Any:
        assets = {"ZUSD": _asset("USD", 4)}
        return _result(assets | {_base(code): _asset(_short(code), 10) for code in self._market.coins})

    def _pairs(self, query: dict[str, str]) -> Any:
        pairs = {
            _pair(code): {
                "altname": f"{_short(code)}USD",
                "wsname": f"{_short(code)}/USD",
                "aclass_base": "currency",
                "base": _base(code),
                "aclass_quote": "currency",
                "quote": "ZUSD",
                "pair_decimals": 2,
                "lot_decimals": 8,
                "leverage_buy": [],
                "leverage_sell": [],
                "fees": [[0, 0.26]],
                "fees_maker": [[0, 0.16]],
                "ordermin": "0.0001",
                "status": "online" if coin.trading else "delisted",
            }
            for code, coin in self._market.coins.items()
        }
        return _result(pairs)

    def _candles(self, query: dict[str, str]) -> Any:
        code, step = self._code(query["pair"]), MINUTES.get(int(query["interval"]), 0)
        if not code:
            return _error("EQuery:Unknown asset pair")
        if not self._market.coins[code].tape.offers(step):
            return _error("EGeneral:Invalid arguments:interval")
        start = self._market.clock.now() // step * step - (HISTORY_ROWS - 1) * step
        after = max(start - 1, float(query.get("since", 0)))
        rows = self._market.candles(code, step, after + 1, float("inf"), f"{self.rest_host}/OHLC")
        return _result(
            {_pair(code): [_rest_row(row) for row in rows], "last": rows[-2][0] if rows[1:] else 0}
        )

    def _tickers(self, query: dict[str, str]) -> Any:
        asked = query["pair"].split(",") if "pair" in query else [_pair(code) for code in self._market.coins]
        codes = [self._code(pair) for pair in asked]
        if "" in codes:
            return _error("EQuery:Unknown asset pair")
        return _result({_pair(code): self._ticker(code) for code in codes})

    def _ticker(self, code: str) -> dict[str, Any]:
        _, first, high, low, last, volume = self._market.day(code)
        return {
            "a": [str(last), "1", "1.000"],
            "b": [str(last), "1", "1.000"],
            "c": [str(last), "0.1"],
            "v": [str(volume), str(volume)],
            "p": [str(last), str(last)],
            "t": [4, 4],
            "l": [str(low), str(low)],
            "h": [str(high), str(high)],
            "o": str(first),
        }

    def _code(self, pair: str) -> str:
        return next((code for code in self._market.coins if pair in (_pair(code), f"{_short(code)}USD")), "")

    def _snapshot(self, subscription: Subscription) -> list[dict[str, Any]]:
        if subscription.channel != "kline":
            return []
        now, tape = self._market.clock.now(), self._market.coins[subscription.code].tape
        rows = tape.candles(subscription.step, now - SNAPSHOT_ROWS * subscription.step, now + 1, now)
        return [self._ohlc("snapshot", subscription, rows)] if rows else []

    def _ohlc(self, kind: str, subscription: Subscription, rows: list[Row]) -> dict[str, Any]:
        candles = [
            {
                "symbol": f"{subscription.code}/USD",
                "open": first,
                "high": high,
                "low": low,
                "close": close,
                "trades": 4,
                "volume": volume,
                "vwap": close,
                "interval_begin": _nanoseconds(opened),
                "interval": subscription.step // 60,
                "timestamp": _nanoseconds(opened + subscription.step),
            }
            for opened, first, high, low, close, volume in rows
        ]
        return {"channel": "ohlc", "type": kind, "timestamp": self._now(), "data": candles}

    def _trade(self, code: str, moment: float, price: float, amount: float) -> dict[str, Any]:
        trade = {
            "symbol": f"{code}/USD",
            "side": "buy",
            "price": price,
            "qty": amount,
            "ord_type": "market",
            "trade_id": int(moment * 1000),
            "timestamp": _nanoseconds(moment),
        }
        return {"channel": "trade", "type": "update", "data": [trade]}

    def _stream_ticker(self, code: str) -> dict[str, Any]:
        _, first, high, low, last, volume = self._market.day(code)
        ticker = {
            "symbol": f"{code}/USD",
            "bid": last,
            "bid_qty": 1.0,
            "ask": last,
            "ask_qty": 1.0,
            "last": last,
            "volume": volume,
            "vwap": last,
            "low": low,
            "high": high,
            "change": last - first,
            "change_pct": (last / first - 1) * 100,
        }
        return {"channel": "ticker", "type": "update", "data": [ticker]}

    def _now(self) -> str:
        return _nanoseconds(self._market.clock.now())


def _result(result: Any) -> dict[str, Any]:
    return {"error": [], "result": result}


def _error(sentence: str) -> dict[str, Any]:
    return {"error": [sentence]}


def _asset(short: str, decimals: int) -> dict[str, Any]:
    return {"aclass": "currency", "altname": short, "decimals": decimals, "display_decimals": 4}


def _base(code: str) -> str:
    return _OLD_NAMES.get(code, (code, code))[0]


def _short(code: str) -> str:
    return _OLD_NAMES.get(code, (code, code))[1]


def _pair(code: str) -> str:
    return f"{_base(code)}ZUSD" if code in _OLD_NAMES else f"{code}USD"


def _rest_row(row: Row) -> list[Any]:
    opened, *prices, volume = row
    return [opened, *(str(price) for price in prices), str(prices[-1]), str(volume), 4]


def _nanoseconds(moment: float) -> str:
    return datetime.fromtimestamp(moment, UTC).strftime("%Y-%m-%dT%H:%M:%S.%f") + "000Z"
