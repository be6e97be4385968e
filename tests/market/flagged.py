"""What tests of flags have in common: which there are, and which there should be."""

from __future__ import annotations

import numpy as np
from sqlalchemy import text

from server.extensions import db
from server.market.candles import Candles
from server.market.outliers import find_outliers
from tests.candles import sample_candles
from tests.market.backfilled import HOUR, NOON


def flags() -> list[tuple[int, str, float]]:
    rows = db.session.execute(
        text("SELECT extract(epoch FROM timestamp)::bigint AS opened, kind, value FROM candle_flags")
    )
    found = sorted((row.opened, row.kind, row.value) for row in rows)
    db.session.rollback()
    return found


def expected(candles: Candles) -> list[tuple[int, str, float]]:
    return [(each.timestamp, each.kind, each.value) for each in find_outliers(candles, HOUR)]


def newest(rows: int) -> Candles:
    sample = sample_candles()
    end = int(np.searchsorted(sample.timestamp, NOON))
    return sample[end - rows : end]
