"""Candles at hand, played into their room as if they arrived now; those of a file are stored as they end."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from contextlib import closing

from redis.exceptions import RedisError

from server.config import Settings
from server.errors import Conflict
from server.market import store
from server.market.candles import Candles
from server.market.follows import Pair
from server.market.sources.contract import Row
from server.market.sources.replay import Replay
from server.market.streaming.agreement import candles_of
from server.market.streaming.leases import StreamLeases
from server.market.streaming.prices import RoomPrices
from server.realtime.publisher import Publisher

OnCandle = Callable[[Row], None]


def replay(
    pair: Pair,
    candles: Candles,
    speed: float,
    settings: Settings,
    publisher: Publisher,
    on_candle: OnCandle,
    *,
    stored_as: str | None,
) -> None:
    """Play ``candles`` ``speed`` times as fast as they happened; returns after the last.

    Each that ends is stored under the source ``stored_as``, as a live one would be, so that forecasts of a
    followed series are made and scored; ``None``: they are stored already and only shown. Raises
    :class:`Conflict` when the ticker is streamed live: a room cannot show both.
    """
    with closing(StreamLeases(settings.redis_database(1), settings.stream_lease_seconds)) as leases:
        now, held = leases.hold({pair[0]})
        if pair[0] not in held:
            raise _streamed_live(pair[0], leases)
        try:
            asyncio.run(_play(pair, candles, speed, leases, now, publisher, on_candle, stored_as))
        finally:
            leases.release({pair[0]})


async def _play(
    pair: Pair,
    candles: Candles,
    speed: float,
    leases: StreamLeases,
    first_seq: int,
    publisher: Publisher,
    on_candle: OnCandle,
    stored_as: str | None,
) -> None:
    prices = RoomPrices(publisher, *pair, first_seq, asyncio.get_running_loop().call_later)
    renewing = asyncio.create_task(_keep(leases, pair[0]))
    try:
        async for change in Replay(candles, *pair, stored_as or "replay", speed=speed):
            if renewing.done():
                renewing.result()
            if not change.closed:
                prices.show_growing(change.row)
                continue
            if stored_as is not None:
                store.upsert(*pair, stored_as, candles_of({change.row[0]: change.row}))
            prices.show_ended(change.row)
            on_candle(change.row)
    finally:
        renewing.cancel()
        prices.close()


async def _keep(leases: StreamLeases, ticker: str) -> None:
    """Renew the lease until cancelled. Raises :class:`Conflict` when another process has it all the same."""
    while True:
        await asyncio.sleep(leases.seconds / 4)
        try:
            _, held = leases.hold({ticker})
        except RedisError:
            # While Redis is away nobody can take it.
            continue
        if ticker not in held:
            raise _streamed_live(ticker, leases)


def _streamed_live(ticker: str, leases: StreamLeases) -> Conflict:
    return Conflict(
        f"{ticker} is streamed live by another process: "
        f"stop it, or `flask unfollow {ticker}` and try again in {leases.seconds:.0f} seconds",
        ticker=ticker,
    )
