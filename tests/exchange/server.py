"""The exchange as one small server on loopback.

The first part of a path is the host that a venue really answers at, so that one port serves them all:
``/api.kraken.com/0/public/OHLC``, ``/stream.binance.com:9443/ws/0``. ``/control`` is for tests.
"""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator
from dataclasses import replace
from email.utils import formatdate
from typing import Any

from aiohttp import web

from tests.exchange.binance import Binance
from tests.exchange.coinbase import Coinbase
from tests.exchange.coingecko import CoinGecko
from tests.exchange.faults import ANSWER_FAULTS, Fault
from tests.exchange.kraken import Kraken
from tests.exchange.sockets import Sockets
from tests.exchange.venue import Market, Refusal, Venue

REMEMBERED_CALLS = 10_000
VENUES = (Binance, Kraken, Coinbase, CoinGecko)


class Exchange:
    """The venues, their sockets and their control, as one application."""

    def __init__(self, market: Market) -> None:
        self.market = market
        self.calls: list[str] = []
        # Each lists its coins itself; the clock and the faults are those of all.
        markets = [replace(market, coins=dict(market.coins)) for _ in VENUES]
        venues: list[Venue] = [made(its) for made, its in zip(VENUES, markets, strict=True)]
        self._by_rest_host = {venue.rest_host: venue for venue in venues}
        self._by_socket_host = {venue.socket_host: venue for venue in venues}
        self._markets = dict(zip(self._by_rest_host, markets, strict=True))
        self.sockets = Sockets(market, dict(zip(self._by_socket_host, markets, strict=True)))

    def application(self) -> web.Application:
        """The application, with the sockets' clock running while it serves."""
        application = web.Application()
        application.router.add_get("/control", self._state)
        application.router.add_post("/control/{act}", self._control)
        application.router.add_get("/{host}{path:(/.*)?}", self._serve)
        application.cleanup_ctx.append(self._playing)
        return application

    async def _playing(self, application: web.Application) -> AsyncIterator[None]:
        playing = asyncio.create_task(self.sockets.play())
        yield
        playing.cancel()

    async def _state(self, request: web.Request) -> web.Response:
        clock = self.market.clock
        state = {
            "now": clock.now(),
            "speed": clock.speed,
            "sockets": len(self.sockets),
            "subscriptions": self.sockets.subscriptions,
            "calls": self.calls,
            "coins": {
                code: {"first": coin.tape.first, "last": coin.tape.last, "step": coin.tape.step}
                for code, coin in self.market.coins.items()
            },
        }
        return web.json_response(state)

    async def _control(self, request: web.Request) -> web.Response:
        wanted = await request.json()
        act = request.match_info["act"]
        if act == "fault":
            self.market.faults.add(**wanted)
        elif act == "calm":
            self.market.faults.clear()
        elif act == "clock":
            self.market.clock.set(**wanted)
        elif act == "drop":
            return web.json_response({"dropped": self.sockets.drop(**wanted)})
        elif act == "delist":
            self._delist(**wanted)
        elif act == "relist":
            for market in self._markets.values():
                market.coins.update(self.market.coins)
        elif act == "forget":
            self.calls.clear()
        else:
            raise web.HTTPNotFound
        return web.json_response({})

    def _delist(self, code: str, where: str = "") -> None:
        for host, market in self._markets.items():
            if where in host:
                market.delist(code)

    async def _serve(self, request: web.Request) -> web.StreamResponse:
        host, path = request.match_info["host"], request.match_info["path"]
        if host in self._by_socket_host:
            return await self.sockets.listen(self._by_socket_host[host], request)
        if len(self.calls) < REMEMBERED_CALLS:
            self.calls.append(host + path)
        fault = self.market.faults.take(ANSWER_FAULTS, host + path)
        status, payload = self._answer(host, path, dict(request.query))
        if fault is None:
            return self._response(status, json.dumps(payload))
        return await self._spoilt(request, fault, status, json.dumps(payload))

    def _answer(self, host: str, path: str, query: dict[str, str]) -> tuple[int, Any]:
        try:
            return 200, self._by_rest_host[host].answer(path, query)
        except Refusal as refusal:
            return refusal.status, refusal.payload
        except KeyError as missing:
            return 404, {"error": f"not found: {missing}"}

    def _response(self, status: int, body: str, **headers: str) -> web.Response:
        # The date is this exchange's own: it tells the client what time it is here.
        date = formatdate(self.market.clock.now(), usegmt=True)
        return web.Response(
            status=status, text=body, content_type="application/json", headers={"Date": date, **headers}
        )

    async def _spoilt(self, request: web.Request, fault: Fault, status: int, body: str) -> web.StreamResponse:
        wanted = fault.parameters
        if fault.kind == "status":
            headers = {"Retry-After": str(wanted["retry_after"])} if "retry_after" in wanted else {}
            return self._response(int(wanted["status"]), json.dumps(wanted.get("body", {})), **headers)
        if fault.kind == "slow":
            await asyncio.sleep(float(wanted["seconds"]))
            return self._response(status, body)
        if fault.kind == "malformed":
            return self._response(status, body[: max(1, len(body) // 2)])
        if fault.kind == "wrong_shape":
            return self._response(status, json.dumps(wanted.get("body", {"unexpected": True})))
        return await self._trickle(request, fault, body.encode())

    async def _trickle(self, request: web.Request, fault: Fault, body: bytes) -> web.StreamResponse:
        """An answer that stops in the middle, or that comes a byte at a time."""
        response = web.StreamResponse(headers={"Content-Length": str(len(body))})
        response.content_type = "application/json"
        await response.prepare(request)
        if fault.kind == "cut":
            await response.write(body[: len(body) // 2])
            if request.transport:
                request.transport.close()
            return response
        for byte in body:
            await response.write(bytes([byte]))
            await asyncio.sleep(float(fault.parameters["seconds"]))
        return response


async def serve(market: Market, port: int) -> web.AppRunner:
    """Start the exchange on loopback; the runner's first address says where when ``port`` is 0."""
    runner = web.AppRunner(Exchange(market).application(), access_log=None)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", port).start()
    return runner
