"""What follows once candles are stored: word to whoever waits for them, and flags.

None of it may hold up the next candles. What is lost when the process dies is made up for: forecasts by
their sweep, flags by the audit of the series.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterable

import structlog

from server.market.bursts import Arrival
from server.market.streaming.buffer import DATABASE_AWAY
from server.market.streaming.pauses import Pauses

Act = Callable[[Arrival], None]
"""Does something about new candles of a series; may block."""
_log = structlog.get_logger(__name__)


class Aftermath:
    """Tells of every arrival, in order; flags each series in its turn, once for all that came meanwhile.

    It begins when ``shown()`` returns, which blocks until the rooms were sent the candles: two threads that
    compute share one processor.
    """

    def __init__(
        self, shown: Callable[[], None], tell: Act, flag: Act, pauses: Callable[[], Pauses] = Pauses
    ) -> None:
        self._shown = shown
        self._tell = tell
        self._flag = flag
        self._pauses = pauses
        self._untold: asyncio.Queue[list[Arrival]] = asyncio.Queue()
        self._unflagged: dict[tuple[str, str], Arrival] = {}
        self._flaggable = asyncio.Event()

    def add(self, arrivals: Iterable[Arrival]) -> None:
        """Candles that were committed."""
        self._untold.put_nowait(list(arrivals))

    async def told(self) -> None:
        """Wait until nobody waits for word any more."""
        await self._untold.join()

    async def run(self) -> None:
        """Do what is to be done, until cancelled."""
        async with asyncio.TaskGroup() as group:
            group.create_task(self._keep_telling())
            group.create_task(self._keep_flagging())

    async def _keep_telling(self) -> None:
        while True:
            arrivals = await self._untold.get()
            await asyncio.to_thread(self._tell_all, arrivals)
            self._untold.task_done()
            for arrival in arrivals:
                self._unflagged[arrival.pair] = arrival.joined(self._unflagged.get(arrival.pair))
            self._flaggable.set()

    def _tell_all(self, arrivals: Iterable[Arrival]) -> None:
        self._shown()
        for arrival in arrivals:
            self._tell(arrival)

    async def _keep_flagging(self) -> None:
        pauses = self._pauses()
        while True:
            await self._flaggable.wait()
            self._flaggable.clear()
            while self._unflagged:
                pair = next(iter(self._unflagged))
                arrival = self._unflagged.pop(pair)
                try:
                    await asyncio.to_thread(self._flag, arrival)
                except DATABASE_AWAY as error:
                    self._unflagged[pair] = arrival.joined(self._unflagged.get(pair))
                    _log.debug("flags wait for the database", error=type(error).__name__)
                    await asyncio.sleep(pauses.next())
                else:
                    pauses.reset()
