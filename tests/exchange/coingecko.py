"""CoinGecko's public protocol: the list of coins by market cap, and what is known of one."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

from tests.exchange.venue import Coin, Market, Refusal, Subscription

SUPPLY = 1_000_000.0


class CoinGecko:
    """Coins by REST (``/api/v3``); it has no sockets."""

    rest_host = "api.coingecko.com"
    socket_host = "none.coingecko.com"

    def __init__(self, market: Market) -> None:
        self._market = market

    def answer(self, path: str, query: dict[str, str]) -> Any:
        if path == "/api/v3/ping":
            return {"gecko_says": "(V3) To the Moon!"}
        if path == "/api/v3/coins/markets":
            size, page = int(query.get("per_page", 100)), int(query.get("page", 1))
            return self._by_market_cap()[(page - 1) * size : page * size]
        if path.startswith("/api/v3/coins/"):
            return self._coin(path.removeprefix("/api/v3/coins/"))
        raise KeyError(path)

    def receive(self, message: dict[str, Any], subscriptions: set[Subscription]) -> list[dict[str, Any]]:
        return []

    def frames(self, subscription: Subscription, after: float, until: float) -> list[dict[str, Any]]:
        return []

    def idle(self) -> None:
        return None

    def _by_market_cap(self) -> list[dict[str, Any]]:
        trading = [coin for coin in self._market.coins.values() if coin.trading]
        listed = [self._listing(coin) for coin in trading]
        listed.sort(key=lambda each: (-each["market_cap"], each["id"]))
        return [{**each, "market_cap_rank": rank} for rank, each in enumerate(listed, 1)]

    def _listing(self, coin: Coin) -> dict[str, Any]:
        price = self._market.day(coin.code)[4]
        return {
            "id": coin.name.lower(),
            "symbol": coin.code.lower(),
            "name": coin.name,
            "current_price": price,
            "market_cap": price * SUPPLY,
            "total_volume": self._market.day(coin.code)[5] * price,
            "circulating_supply": SUPPLY,
            "last_updated": datetime.fromtimestamp(self._market.clock.now(), UTC).isoformat(),
        }

    def _coin(self, name: str) -> dict[str, Any]:
        coin = next((each for each in self._market.coins.values() if each.name.lower() == name), None)
        if coin is None:
            raise Refusal(404, {"error": "coin not found"})
        return {
            "id": name,
            "symbol": coin.code.lower(),
            "name": coin.name,
            "categories": ["Layer 1 (L1)"],
            "genesis_date": "2009-01-03",
            "description": {"en": f"{coin.name} is a coin."},
            "links": {"homepage": ["https://example.org", ""]},
            "market_cap_rank": 1,
        }
