"""How fast candles are read and indicators computed.

*Computed*: every indicator of a series with its usual parameters, and the correlation with a second one,
over 1,000,000 candles of one minute in memory; the best of some rounds. *Over HTTP*: one client on one
connection asks the product's web process (gunicorn with gevent, one worker) for 8,760 hourly candles, the
median of its calls. *Dumped by its schema* is what the answer takes to be written field by field, as short
answers are; *written in one go* is how this one is.
"""

from __future__ import annotations

import json
import time
from collections.abc import Callable
from http.client import HTTPConnection
from statistics import median

import numpy as np

from benchmarks.product import running_product
from benchmarks.report import Row, quick
from benchmarks.series import repeated_sample, sample
from server.analytics import indicators
from server.analytics.catalogue import USUAL
from server.market.candles import COLUMNS, iso_time
from server.market.json_answers import json_bytes, json_rows
from server.market.schemas import CandlesSchema
from tests.stack import Stack

ROWS = 1_000_000
YEAR = 8_760
COMPUTE_GOAL, READ_GOAL = 300.0, 15.0
MINUTE = 60
YEAR_OF_CANDLES = f"/api/v1/market/candles?ticker=BTC-USD&interval=1h&limit={YEAR}"
YEAR_OF_INDICATORS = f"/api/v1/analytics/indicators/BTC-USD?interval=1h&limit={YEAR}"
INDICATORS = "/api/v1/analytics/indicators/BTC-USD?interval=1h"


def run() -> list[Row]:
    """Milliseconds of the computation and of the calls."""
    rows = [*_computed(), _written()]
    with running_product(rate_limit_enabled=False) as stack:
        rows += _over_http(stack)
    return rows


def _computed() -> list[Row]:
    candles = repeated_sample(ROWS // 100 if quick() else ROWS)
    other = candles.close[::-1].copy()
    taken = {
        name: _best(lambda make=make, used=used: make(**used).compute(candles, MINUTE))  # type: ignore[misc]
        for name, (make, used) in USUAL.items()
    }
    taken["correlation"] = _best(lambda: indicators.correlation(candles.close, other, 48))
    total = sum(taken.values())
    goal = f"at most {COMPUTE_GOAL:.0f} ms"
    each = ", ".join(f"{name} {milliseconds:.0f}" for name, milliseconds in taken.items())
    name = f"all indicators computed over {len(candles):,} candles"
    return [Row(name, total, "ms", None, None, goal, total <= COMPUTE_GOAL, each)]


def _written() -> Row:
    year = sample()[:YEAR]
    prices = {name: getattr(year, name) for name in COLUMNS[1:]}
    columns = {"timestamp": year.timestamp.astype("datetime64[s]"), **prices}

    def dump() -> str:
        lists = (list(map(iso_time, year.timestamp.tolist())), *(each.tolist() for each in prices.values()))
        rows = [dict(zip(COLUMNS, row, strict=True)) for row in zip(*lists, strict=True)]
        return json.dumps(CandlesSchema().dump({"candles": rows}))

    written, dumped = _best(lambda: json_bytes({"candles": json_rows(columns)})), _best(dump)
    name = f"{YEAR:,} candles written in one go; peer: dumped by its schema"
    return Row(name, written, "ms", dumped, written / dumped)


def _over_http(stack: Stack) -> list[Row]:
    read, _ = _asked(stack, YEAR_OF_CANDLES, changing=True)
    again, name = _asked(stack, YEAR_OF_CANDLES)
    unchanged, _ = _asked(stack, YEAR_OF_CANDLES, name)
    goal, year = f"at most {READ_GOAL:.0f} ms", f"{YEAR:,} hourly candles over HTTP"
    rows = [
        Row(f"{year}, asked for first", read, "ms", None, None, goal, read <= READ_GOAL),
        Row(f"{year}, again; peer: first", again, "ms", read, again / read),
        Row(f"{year}, 304; peer: first", unchanged, "ms", read, unchanged / read),
    ]
    for path, name in ((INDICATORS, "500 candles"), (YEAR_OF_INDICATORS, f"{YEAR:,} candles")):
        kept, etag = _asked(stack, path)
        made, _ = _asked(stack, path, changing=True)
        known, _ = _asked(stack, path, etag)
        rows += [
            Row(f"all indicators of {name} from the cache; peer: computed", kept, "ms", made, kept / made),
            Row(f"all indicators of {name}, 304; peer: computed", known, "ms", made, known / made),
        ]
    return rows


def _asked(stack: Stack, path: str, etag: str = "", changing: bool = False) -> tuple[float, str]:
    """Median milliseconds of a call on an open connection, and the answer's ETag.

    ``changing``: each call asks for another range, so that none is in the cache.
    """
    connection = HTTPConnection(stack.settings.host, stack.settings.port, timeout=60)
    headers = {"If-None-Match": etag} if etag else {}
    taken, found = [], ""
    for number in range(5 if quick() else 60):
        asked = f"{path}&end={iso_time(1_569_800_000 - number)}" if changing else path
        began = time.perf_counter()
        connection.request("GET", asked, headers=headers)
        answer = connection.getresponse()
        body = answer.read()
        taken.append((time.perf_counter() - began) * 1000)
        if answer.status != (304 if etag else 200):
            raise RuntimeError(f"GET {asked}: {answer.status} {body[:500]!r}")
        found = answer.headers.get("ETag", "")
    connection.close()
    return median(taken[1:]), found


def _best(work: Callable[[], object]) -> float:
    """Milliseconds of the quickest of some rounds."""
    rounds = []
    for _ in range(2 if quick() else 5):
        began = time.perf_counter()
        work()
        rounds.append(time.perf_counter() - began)
    return float(np.min(rounds)) * 1000
