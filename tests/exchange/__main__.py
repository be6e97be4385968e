"""``python -m tests.exchange``: the local exchange, until it is stopped.

The first line of output is its address. It plays a week of BTC by the minute where that file is at
hand, and the shipped hourly sample of BTC and ETH otherwise.
"""

from __future__ import annotations

import argparse
import asyncio
import contextlib
import json
import signal
import time
from pathlib import Path

from server.market.sample import FOLDER
from tests.exchange.clock import ExchangeClock
from tests.exchange.faults import Faults
from tests.exchange.server import serve
from tests.exchange.tape import Tape, read_tape, shifted
from tests.exchange.venue import DAY, Coin, Market

MINUTES_FILE = Path(__file__).resolve().parents[2].parent / "shared" / "data" / "BTC-USDT_1m.csv"
NAMES = {"BTC": "Bitcoin", "ETH": "Ethereum"}


def tapes(candles: Path | None, interval: str) -> dict[str, Tape]:
    """The tape of each coin: a file of BTC's candles, or the shipped sample."""
    if candles is not None:
        return {"BTC": read_tape(candles, interval)}
    return {code: read_tape(FOLDER / f"{code}-USD_1h.csv.gz", "1h") for code in NAMES}


def coins(by_code: dict[str, Tape], extra: int) -> dict[str, Coin]:
    """What the venues list: the coins of the tapes, a delisted one, ``extra`` that play the first tape."""
    first = next(iter(by_code.values()))
    listed = [Coin(code, NAMES[code], tape) for code, tape in by_code.items()]
    listed.append(Coin("WAVES", "Waves", first, trading=False))
    listed += [Coin(f"C{number:03}", f"Coin{number}", first) for number in range(extra)]
    return {coin.code: coin for coin in listed}


def market_of(options: argparse.Namespace) -> Market:
    """The market that the command line describes."""
    by_code = tapes(options.candles, options.interval)
    start = options.start
    if start is None:
        first = next(iter(by_code.values()))
        start = (first.first + first.last) // 2 // DAY * DAY
    if options.live:
        # By whole days, so that every interval keeps its grid.
        days = int((time.time() - start) // DAY)
        by_code = {code: shifted(tape, days * DAY) for code, tape in by_code.items()}
        start = time.time()
    clock = ExchangeClock(float(start), options.speed)
    return Market(coins(by_code, options.extra), clock, Faults())


def options_of(arguments: list[str] | None = None) -> argparse.Namespace:
    """The command line."""
    parser = argparse.ArgumentParser(prog="python -m tests.exchange", description=__doc__)
    parser.add_argument("--port", type=int, default=0, help="port on loopback; 0: a free one")
    parser.add_argument("--speed", type=float, default=1.0, help="market seconds a real second")
    parser.add_argument("--start", type=float, help="market time at the start, in seconds since 1970")
    parser.add_argument("--live", action="store_true", help="shift the candles so that the start is now")
    parser.add_argument("--extra", type=int, default=0, help="further coins, which play the first tape")
    parser.add_argument(
        "--candles", type=Path, default=MINUTES_FILE if MINUTES_FILE.exists() else None, help="a CSV file"
    )
    parser.add_argument("--sample", dest="candles", action="store_const", const=None, help="the sample")
    parser.add_argument("--interval", default="1m", help="interval of --candles")
    return parser.parse_args(arguments)


async def run(options: argparse.Namespace) -> None:
    """Serve until a signal comes."""
    market = market_of(options)
    runner = await serve(market, options.port)
    host, port = runner.addresses[0][:2]
    print(json.dumps({"url": f"http://{host}:{port}", "now": market.clock.now()}), flush=True)  # noqa: T201
    stopped = asyncio.Event()
    for number in (signal.SIGINT, signal.SIGTERM):
        asyncio.get_running_loop().add_signal_handler(number, stopped.set)
    await stopped.wait()
    await runner.cleanup()


if __name__ == "__main__":
    with contextlib.suppress(KeyboardInterrupt):
        asyncio.run(run(options_of()))
