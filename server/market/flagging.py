"""The flags of stored candles: those of outliers follow the candles, in the same transaction.

What is flagged is a function of what is stored, whatever way it came: a batch that is stored again
changes nothing, and a corrected candle is judged anew with those that it is the past of.
"""

from __future__ import annotations

import json
from collections.abc import Iterable
from typing import Any

from sqlalchemy import Connection, text

from server.market import packed
from server.market.candles import require_interval
from server.market.outliers import KINDS, WINDOW, Outlier, find_outliers

DEVIATES = "deviates"
"""Another exchange says something else."""
FLAG_KINDS = {
    "jump": f"its close is more than 10 deviations of the {WINDOW} steps before from the one before it",
    "wick": f"its high or low is more than 10 deviations of the {WINDOW} steps before from its body",
    DEVIATES: "a second exchange's close is further away than is tolerated",
}
"""Every kind of flag, with what it means."""

_FLAGGED = text("""
    SELECT extract(epoch FROM timestamp)::bigint AS timestamp, kind, value FROM candle_flags
    WHERE ticker = :ticker AND interval = :interval AND kind = ANY(:kinds)
      AND timestamp >= to_timestamp(:start) AND timestamp < to_timestamp(:end)
""")
_UNFLAG = text("""
    DELETE FROM candle_flags USING unnest(CAST(:timestamp AS float8[]), CAST(:kind AS text[])) AS gone (t, k)
    WHERE ticker = :ticker AND interval = :interval AND timestamp = to_timestamp(t) AND kind = k
""")
_FLAG = text("""
    INSERT INTO candle_flags (ticker, interval, timestamp, kind, value, detail)
    SELECT :ticker, :interval, to_timestamp(t), k, v, CAST(d AS jsonb)
    FROM unnest(CAST(:timestamp AS float8[]), CAST(:kind AS text[]), CAST(:value AS float8[]),
                CAST(:detail AS text[])) AS sent (t, k, v, d)
    ON CONFLICT (ticker, interval, timestamp, kind) DO UPDATE
    SET value = excluded.value, detail = excluded.detail, flagged_at = excluded.flagged_at
    WHERE candle_flags.value IS DISTINCT FROM excluded.value
""")

Flags = dict[tuple[int, str], tuple[float, dict[str, Any]]]
"""Value and detail by open (seconds, UTC) and kind."""


def flag_outliers(connection: Connection, ticker: str, interval: str, first: int, last: int) -> None:
    """Judge the candles from ``first`` to ``last`` (opens) anew, and those of which they are the past."""
    step = require_interval(interval)
    # The return from the last one to its successor is in the past of as many candles after that one.
    end = last + (WINDOW + 2) * step
    for start in range(first, end, packed.PAGE_ROWS * step):
        stop = min(end, start + packed.PAGE_ROWS * step)
        pages = packed.read_pages(connection, ticker, interval, start - (WINDOW + 1) * step, stop)
        found = find_outliers(packed.unpacked(list(pages)), step)
        now = {(each.timestamp, each.kind): _told(each) for each in found if each.timestamp >= start}
        replace_flags(connection, ticker, interval, KINDS, start, stop, now)


def replace_flags(
    connection: Connection,
    ticker: str,
    interval: str,
    kinds: Iterable[str],
    start: int,
    stop: int,
    now: Flags,
) -> None:
    """Make ``now`` all flags of ``kinds`` with ``start <= open < stop``; one that stays is not touched."""
    series = {"ticker": ticker, "interval": interval}
    asked = {**series, "kinds": list(kinds), "start": start, "end": stop}
    before = {(row.timestamp, row.kind): row.value for row in connection.execute(_FLAGGED, asked)}
    gone = before.keys() - now.keys()
    if gone:
        opens, names = zip(*gone, strict=True)
        connection.execute(_UNFLAG, {**series, "timestamp": list(opens), "kind": list(names)})
    new = sorted(key for key, (value, _) in now.items() if before.get(key) != value)
    if new:
        sent = {
            "timestamp": [opened for opened, _ in new],
            "kind": [kind for _, kind in new],
            "value": [now[key][0] for key in new],
            "detail": [json.dumps(now[key][1]) for key in new],
        }
        connection.execute(_FLAG, {**series, **sent})


def _told(outlier: Outlier) -> tuple[float, dict[str, Any]]:
    return outlier.value, {"log_return": outlier.log_return, "deviation": outlier.deviation}
