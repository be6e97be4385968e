"""Everything that can go wrong with an exchange, at random, and what the store must hold all the same."""

from __future__ import annotations

import random
import time
from collections.abc import Callable, Iterable
from dataclasses import replace
from pathlib import Path
from typing import Any

from server.config import Settings
from server.market import store
from server.market.candles import INTERVAL_SECONDS
from server.market.sample import FOLDER
from server.market.streaming.agreement import Rows, rows_of
from tests.exchange.__main__ import MINUTES_FILE
from tests.exchange.running import RunningExchange
from tests.exchange.tape import Tape, read_tape

TICKER = "BTC-USD"
INTERVAL, SPEED = ("1m", 60.0) if MINUTES_FILE.exists() else ("1h", 3600.0)
"""A candle a second: sixty times as fast as it happened where candles by the minute are at hand."""
STEP = INTERVAL_SECONDS[INTERVAL]
PLAYED = ("--speed", str(SPEED), *(() if INTERVAL == "1m" else ("--sample",)))
"""How the exchange is started."""
EXCHANGES = ("binance", "kraken", "coinbase")
TICKERS = {"binance": TICKER, "kraken": "C000-USD", "coinbase": "C001-USD"}
"""What each exchange is asked for, where the local one plays two coins more: their prices are the same."""

Parameters = dict[str, Any]
FAULTS: dict[str, Callable[[random.Random], Parameters]] = {
    "status": lambda dice: dice.choice(
        [
            {"status": 500},
            {"status": 429, "retry_after": 1},
            {"status": 418, "retry_after": 1},
            {"status": 503},
        ]
    ),
    "slow": lambda dice: {"seconds": dice.uniform(0.2, 3.0)},
    "cut": lambda _: {},
    "malformed": lambda _: {},
    "wrong_shape": lambda _: {},
    "missing": lambda dice: {"position": dice.randrange(5), "candles": dice.randrange(1, 4)},
    "duplicate": lambda dice: {"different": dice.random() < 0.5},
    "out_of_order": lambda _: {},
    "wrong_price": lambda dice: {"position": dice.randrange(5)},
    "not_a_number": lambda _: {},
    "off_grid": lambda dice: {"position": dice.randrange(5)},
    "jump": lambda dice: {"position": dice.randrange(5)},
    "refuse": lambda _: {},
    "garbage": lambda _: {},
}


def stream_settings_of(settings: Settings, exchange: RunningExchange) -> Settings:
    """Settings of a stream process that asks ``exchange``: quick checks, short leases, short patience."""
    return replace(
        settings,
        market_sources=["binance"],
        market_source_of=[f"{TICKERS[each]}={each}" for each in ("kraken", "coinbase")],
        exchange_urls=[f"{each}={exchange.url}" for each in EXCHANGES],
        market_rates=[f"{each}=1000 per second" for each in EXCHANGES],
        stream_check_seconds=2.0,
        stream_lease_seconds=2.0,
        stream_doubt_seconds=0.5,
        stream_stale_seconds=3.0,
        source_timeout_seconds=5.0,
        source_pause_seconds=1.0,
    )


class Storm:
    """Random faults of ``exchange`` in each of its dialects, the same ones for the same ``seed``."""

    def __init__(self, exchange: RunningExchange, seed: int) -> None:
        self._exchange = exchange
        self._dice = random.Random(seed)
        self.faults = dict.fromkeys(EXCHANGES, 0)

    def blow(self, seconds: float, pause: float = 0.15) -> None:
        """A fault every ``pause`` seconds on average; afterwards the exchange is well again."""
        deadline = time.monotonic() + seconds
        while time.monotonic() < deadline:
            self._strike()
            time.sleep(min(self._dice.expovariate(1 / pause), max(0.0, deadline - time.monotonic())))
        self._exchange.calm()

    def _strike(self) -> None:
        where = self._dice.choice(EXCHANGES)
        self.faults[where] += 1
        kind = self._dice.choice([*FAULTS, "drop", "silence"])
        if kind == "drop":
            self._exchange.drop(where)
        elif kind == "silence":
            self._exchange.fault("silence", self._dice.randrange(10, 100), where)
        else:
            # A sound candle that frame, answers and the next check say alike is what the exchange says.
            most = 2 if kind == "jump" else 3
            self._exchange.fault(kind, self._dice.randint(1, most), where, **FAULTS[kind](self._dice))


def tape() -> Tape:
    """What the exchange plays."""
    return read_tape(MINUTES_FILE if INTERVAL == "1m" else FOLDER / "BTC-USD_1h.csv.gz", INTERVAL)


def stored(ticker: str = TICKER) -> Rows:
    """What the store has; nothing when it has no such series."""
    return rows_of(store.load_candles(ticker, INTERVAL)) if store.has_series(ticker, INTERVAL) else {}


def differences(since: float, until: float, ticker: str = TICKER) -> dict[int, tuple[object, object]]:
    """By open, where they differ: what is recorded and what is stored from ``since`` to ``until``."""
    recorded = {row[0]: row for row in tape().candles(STEP, since, until - STEP + 1, 1e12)}
    found = {open_: row for open_, row in stored(ticker).items() if since <= open_ <= until - STEP}
    return {
        open_: (recorded.get(open_), found.get(open_))
        for open_ in sorted(recorded.keys() | found.keys())
        if recorded.get(open_) != found.get(open_)
    }


def wait_for_equality(until: float, seconds: float, logs: Iterable[Path], ticker: str = TICKER) -> float:
    """Until the store equals the source, from its first candle to ``until``; how many seconds that took.

    An assertion fails, with what differs and the logs, when it does not within ``seconds``.
    """
    began = time.monotonic()
    while differing := differences(min(stored(ticker), default=0), until, ticker):
        if time.monotonic() - began > seconds:
            story = "\n".join(f"--- {log.name}\n{log.read_text()[-6000:]}" for log in logs)
            raise AssertionError(f"the store differs from the source after {seconds} s: {differing}\n{story}")
        time.sleep(0.1)
    return time.monotonic() - began
