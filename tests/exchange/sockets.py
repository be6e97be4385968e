"""The sockets of the exchange: who listens to what, and the clock that plays it to them."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from typing import Any

from aiohttp import WSMsgType, web

from tests.exchange.venue import Market, Refusal, Subscription, Venue

BEAT_SECONDS = 0.05
IDLE_SECONDS = 1.0
LONGEST_BEAT = 3600.0
"""Market seconds that are played at once at most: after a jump of the clock nothing is made up for."""


@dataclass(eq=False, slots=True)
class Listener:
    """One open socket."""

    venue: Venue
    socket: web.WebSocketResponse
    request: web.Request
    subscriptions: set[Subscription] = field(default_factory=set)
    quiet_since: float = 0.0


class Sockets:
    """All open sockets of the exchange; ``of_venue`` says what each socket host trades."""

    def __init__(self, market: Market, of_venue: Mapping[str, Market]) -> None:
        self._market = market
        self._of_venue = of_venue
        self._listeners: set[Listener] = set()
        self._played = market.clock.now()

    def __len__(self) -> int:
        return len(self._listeners)

    @property
    def subscriptions(self) -> int:
        """How many channels are listened to."""
        return sum(len(listener.subscriptions) for listener in self._listeners)

    async def listen(self, venue: Venue, request: web.Request) -> web.StreamResponse:
        """Serve one socket until it closes."""
        refused = self._market.faults.take({"refuse"}, venue.socket_host)
        if refused:
            status = int(refused.parameters.get("status", 503))
            return web.Response(status=status, headers={"Retry-After": "1"})
        # Pings are answered by hand: a silent exchange does not answer them.
        socket = web.WebSocketResponse(autoping=False)
        await socket.prepare(request)
        listener = Listener(venue, socket, request)
        self._listeners.add(listener)
        try:
            await self._receive(listener)
        finally:
            self._listeners.discard(listener)
        return socket

    def drop(self, where: str = "") -> int:
        """Cut the connections of hosts that contain ``where``, without a goodbye; how many."""
        cut = [each for each in self._listeners if where in each.venue.socket_host]
        for listener in cut:
            if listener.request.transport:
                listener.request.transport.abort()
        return len(cut)

    async def play(self) -> None:
        """Send what happens as it happens, until cancelled."""
        loop = asyncio.get_running_loop()
        while True:
            await asyncio.sleep(BEAT_SECONDS)
            after, until = self._played, self._market.clock.now()
            self._played = until
            if not 0 <= until - after <= LONGEST_BEAT:
                continue
            for listener in list(self._listeners):
                with suppress(ConnectionError, RuntimeError):
                    await self._send_news(listener, after, until, loop.time())

    async def _receive(self, listener: Listener) -> None:
        async for message in listener.socket:
            if self._silent(listener.venue):
                continue
            if message.type == WSMsgType.PING:
                await listener.socket.pong(message.data)
            elif message.type == WSMsgType.TEXT:
                await self._answer(listener, json.loads(message.data))

    async def _answer(self, listener: Listener, message: dict[str, Any]) -> None:
        try:
            answers = listener.venue.receive(message, listener.subscriptions)
        except Refusal as refusal:
            answers = [refusal.payload]
        for answer in answers:
            await listener.socket.send_json(answer)

    async def _send_news(self, listener: Listener, after: float, until: float, moment: float) -> None:
        coins = self._of_venue[listener.venue.socket_host].coins
        frames = [
            frame
            for subscription in sorted(listener.subscriptions, key=lambda each: (each.code, each.step))
            if coins[subscription.code].trading
            for frame in listener.venue.frames(subscription, after, until)
        ]
        if self._silent(listener.venue):
            return
        if self._market.faults.take({"garbage"}, listener.venue.socket_host):
            await listener.socket.send_str('{"channel": "ohlc", "data": [{"sym')
        for frame in frames:
            await listener.socket.send_json(frame)
        if frames:
            listener.quiet_since = moment
        elif moment - listener.quiet_since >= IDLE_SECONDS and (idle := listener.venue.idle()):
            listener.quiet_since = moment
            await listener.socket.send_json(idle)

    def _silent(self, venue: Venue) -> bool:
        return self._market.faults.take({"silence"}, venue.socket_host) is not None
