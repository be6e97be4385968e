"""Which candles a model was trained on, in 64 characters."""

from __future__ import annotations

import hashlib

import numpy as np

from server.market.candles import COLUMNS, Candles

_STORED_AS = {"timestamp": "<i8"}
_PRICE_STORED_AS = "<f8"


def data_fingerprint(candles: Candles) -> str:
    """SHA-256 (hex) over the six columns, the same on every platform.

    Each column is hashed as its name, its length and its values in little-endian 64-bit form, so
    neither byte order nor a moved boundary between columns can give two series one fingerprint.
    """
    digest = hashlib.sha256()
    for name in COLUMNS:
        column = np.ascontiguousarray(getattr(candles, name), dtype=_STORED_AS.get(name, _PRICE_STORED_AS))
        digest.update(f"{name}:{len(column)}:".encode())
        digest.update(column.tobytes())
    return digest.hexdigest()
