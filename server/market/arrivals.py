"""Told inside the process, after the commit: candles of a series were stored or changed."""

from __future__ import annotations

from blinker import Signal

candles_stored = Signal(
    "Sent once a transaction that changed candles, after its commit, with ``ticker``, ``interval`` and the "
    "opens of the ``first`` and ``last`` candle that are new or different (aware datetimes, UTC). What a "
    "receiver raises reaches the writer, though the candles are stored; so a receiver handles what it can."
)
