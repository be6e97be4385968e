"""From the range that a caller asked for to the stored candles that it means."""

from __future__ import annotations

from typing import Any

from server.errors import InvalidInput
from server.features.windows import rows_needed
from server.market import store
from server.market.moments import iso


def resolve(body: dict[str, Any]) -> dict[str, Any]:
    """``body`` (a loaded ``StartTraining``) with ``start`` and ``end`` pinned to stored candles.

    Pinning makes a run that is picked up again, days later, read the same candles. ``requested``
    keeps what the caller said, for comparing retries. Raises :class:`NotFound` for a series that
    is not stored, :class:`InvalidInput` when the range holds too few candles.
    """
    requested = {
        **body,
        "start_date": iso(body["start_date"]),
        "end_date": iso(body["end_date"]),
    }
    needed = rows_needed(body["lookback"], body["horizon"])
    extent = store.extent(body["ticker"], body["interval"], body["start_date"], body["end_date"], needed)
    if extent.first is None or extent.last is None or extent.rows < needed:
        raise InvalidInput(
            f"{extent.rows} candles of {body['ticker']} {body['interval']} lie in this range; "
            f"lookback {body['lookback']} and horizon {body['horizon']} need at least {needed}. "
            "Choose a longer range, a finer interval or a shorter lookback",
            error_code="too_few_candles",
            candles=extent.rows,
            needed=needed,
        )
    resolved = {name: value for name, value in body.items() if name not in ("start_date", "end_date")}
    return {**resolved, "requested": requested, "start": extent.first, "end": extent.last}
