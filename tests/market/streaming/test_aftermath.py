"""What follows a commit: everyone is told in order, every series is flagged, whatever the database does."""

from __future__ import annotations

import asyncio
from datetime import UTC, datetime

from sqlalchemy.exc import OperationalError

from server.market.bursts import Arrival
from server.market.streaming.aftermath import Aftermath
from server.market.streaming.pauses import Pauses


def arrival(ticker: str, minute: int) -> Arrival:
    moment = datetime(2024, 1, 1, 0, minute, tzinfo=UTC)
    return Arrival((ticker, "1m"), moment, moment)


def test_rooms_are_shown_candles_first_then_all_are_told_then_each_series_is_flagged() -> None:
    done: list[str] = []
    outages = [OperationalError("SELECT", {}, Exception("away"))] * 2

    def flag(each: Arrival) -> None:
        if outages:
            raise outages.pop()
        done.append(f"flag {each.pair[0]} {each.first.minute}-{each.last.minute}")

    async def follow_up() -> None:
        aftermath = Aftermath(
            lambda: done.append("shown"),
            lambda each: done.append(f"tell {each.pair[0]} {each.first.minute}"),
            flag,
            lambda: Pauses(0.001, 0.01),
        )
        aftermath.add([arrival("BTC-USD", 1), arrival("ETH-USD", 1)])
        aftermath.add([arrival("BTC-USD", 2)])
        running = asyncio.create_task(aftermath.run())
        await aftermath.told()
        async with asyncio.timeout(5):
            while sum(each.startswith("flag") for each in done) < 2:
                await asyncio.sleep(0.001)
        running.cancel()

    asyncio.run(follow_up())
    told = [each for each in done if not each.startswith("flag")]
    assert told == ["shown", "tell BTC-USD 1", "tell ETH-USD 1", "shown", "tell BTC-USD 2"]
    flagged = [each for each in done if each.startswith("flag")]
    assert sorted(flagged) == ["flag BTC-USD 1-2", "flag ETH-USD 1-1"], "once, for all that came meanwhile"
