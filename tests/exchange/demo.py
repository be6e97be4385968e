"""``make demo-live``: the product against the local exchange, live prices in the terminal, no internet.

It plays real recorded candles as if they happened in these days, faster than they did; so it keeps
them in a folder of its own. Ctrl-C stops it.
"""

from __future__ import annotations

import argparse
import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from typing import Any

import socketio
from socketio.exceptions import ConnectionError as NotConnected

from server.config import PROJECT_ROOT, Settings
from server.local.first_run import can_train
from server.local.terminal import say
from tests.exchange.__main__ import MINUTES_FILE
from tests.exchange.running import RunningExchange, running_exchange

FOLDER = PROJECT_ROOT / ".local" / "demo"
DAY = 86_400
MINUTES = MINUTES_FILE.exists()
SERIES = (("BTC-USD", "1m"), ("BTC-USD", "5m")) if MINUTES else (("BTC-USD", "1h"), ("ETH-USD", "1h"))
SPEED, DAYS_BACK = (10.0, 2) if MINUTES else (600.0, 40)
"""The exchange begins some days ago, so that hours pass before its candles would be of the future."""
STOP_SECONDS = 60.0


def main() -> int:
    """Run the demonstration; the exit code of the stack."""
    parser = argparse.ArgumentParser(prog="python -m tests.exchange.demo", description=__doc__)
    parser.add_argument("--speed", type=float, default=SPEED, help="market seconds a real second")
    options = parser.parse_args()
    for number in (signal.SIGTERM, signal.SIGHUP):
        signal.signal(number, _interrupt)
    sample = () if MINUTES else ("--sample",)
    with running_exchange("--live", "--speed", str(options.speed), *sample) as exchange:
        exchange.set_clock(now=time.time() - DAYS_BACK * DAY)
        names = ", ".join(f"{ticker} {interval}" for ticker, interval in SERIES)
        say(f"The local exchange plays {names} at {options.speed:g} times their speed on {exchange.url}.")
        with _stack(exchange) as stack:
            threading.Thread(target=_show_prices, name="prices", daemon=True).start()
            return _wait(stack)


def _environment(exchange: RunningExchange) -> dict[str, str]:
    return {
        **os.environ,
        "DATABASE_URL": "",
        "REDIS_URL": "",
        "FOLLOW": ",".join(" ".join(pair) for pair in SERIES),
        "MARKET_SOURCES": "binance,kraken,coinbase",
        "EXCHANGE_URLS": ",".join(
            f"{name}={exchange.url}" for name in ("binance", "kraken", "coinbase", "coingecko")
        ),
        "MARKET_BACKFILL_ON_START": "false",
        "STREAM_FOLLOWED": "true",
        "STREAM_CHECK_SECONDS": "10",
    }


@contextmanager
def _stack(exchange: RunningExchange) -> Iterator[subprocess.Popen[bytes]]:
    command = [sys.executable, "-m", "server.local", "--folder", str(FOLDER)]
    # A group of its own: Ctrl-C comes here, and the stack is asked to end once.
    process = subprocess.Popen(command, cwd=PROJECT_ROOT, env=_environment(exchange), start_new_session=True)
    try:
        yield process
    finally:
        process.terminate()
        process.wait(STOP_SECONDS)


def _wait(stack: subprocess.Popen[bytes]) -> int:
    with suppress(KeyboardInterrupt):
        return stack.wait()
    return 0


def _show_prices() -> None:
    """Print what a client in the market rooms is sent, once the server is ready."""
    settings = Settings.from_environment()
    while not can_train(settings):
        time.sleep(1)
    client = socketio.Client()

    def join() -> None:
        for ticker, interval in SERIES:
            client.emit("join_market", {"ticker": ticker, "interval": interval})

    client.on("connect", join)
    client.on("market_update", _show)
    with suppress(NotConnected):
        client.connect(f"http://{settings.host}:{settings.port}", transports=["websocket"])
        client.wait()


def _show(update: dict[str, Any]) -> None:
    candle = update["candle"]
    state = "closed" if update["closed"] else "live  "
    say(
        f"{update['ticker']} {update['interval']}  {candle['timestamp']}  {state}  "
        f"{candle['close']:>12,.2f}  volume {candle['volume']:,.3f}"
    )


def _interrupt(*_: object) -> None:
    raise KeyboardInterrupt


if __name__ == "__main__":
    sys.exit(main())
