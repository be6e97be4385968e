"""Candles that stand out from those before them. Pure calculations on columns.

A candle is compared with the deviation of the returns before it, never with what came after: nobody
could have known that, and a later candle changes no earlier flag. It is flagged, not deleted: prices do
jump, and who trains or forecasts may look.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from server.market.candles import Candles

JUMP, WICK = "jump", "wick"
KINDS = (JUMP, WICK)
"""``jump``: from the close before to the close; ``wick``: from the body to the high or the low."""

WINDOW = 168
"""Steps of time before a candle whose returns it is compared with: a week of hours."""
ENOUGH = 48
"""Returns that there have to be among them."""
DEVIATIONS = 10.0
"""How many deviations stand out. Among real candles of one minute to one day one in 1,200 to 17,000 does."""
LEAST_DEVIATION = 1e-4
"""Below this a market stands still, and its next trade would count as a jump."""

_RESOLUTION = 1e12
"""Squared returns are counted in whole units of one in so many: their sums are exact, so that a candle's
deviation is the same bit by bit whichever batch it came in."""


@dataclass(frozen=True, slots=True)
class Outlier:
    """A candle that stands out by ``value`` deviations; ``log_return`` is the way it went, by its sign."""

    timestamp: int
    kind: str
    value: float
    log_return: float
    deviation: float


def find_outliers(candles: Candles, step: int) -> list[Outlier]:
    """The outliers of a series on a grid of ``step`` seconds, oldest first.

    A return is that of neighbours on the grid: what happened across a gap is not known. Candles with
    fewer than ``ENOUGH`` returns in the ``WINDOW`` steps before them are not judged.
    """
    if not len(candles):
        return []
    deviation = rolling_deviation(candles, step)
    judged = ~np.isnan(deviation)
    found = [
        Outlier(
            int(candles.timestamp[row]),
            kind,
            float(abs(returns[row]) / deviation[row]),
            float(returns[row]),
            float(deviation[row]),
        )
        for kind, returns in ((JUMP, neighbour_returns(candles, step)), (WICK, _wicks(candles)))
        for row in np.flatnonzero(judged & (np.abs(returns) > DEVIATIONS * deviation))
    ]
    return sorted(found, key=lambda outlier: (outlier.timestamp, outlier.kind))


def neighbour_returns(candles: Candles, step: int) -> NDArray[np.float64]:
    """Log returns ``(rows,)`` from the close one step before; 0 where that candle is missing."""
    returns = np.zeros(len(candles))
    returns[1:] = np.where(np.diff(candles.timestamp) == step, np.diff(np.log(candles.close)), 0.0)
    return returns


def rolling_deviation(candles: Candles, step: int) -> NDArray[np.float64]:
    """Root mean square of the returns in the ``WINDOW`` steps before each candle ``(rows,)``, or NaN."""
    opens = candles.timestamp
    known = np.diff(opens, prepend=opens[0]) == step
    squares = np.rint(np.square(neighbour_returns(candles, step)) * _RESOLUTION).astype(np.int64)
    # The running sum may pass 2^63; it wraps, and differences stay right.
    total, count = (np.concatenate([[0], np.cumsum(each)]) for each in (squares, known))
    first, row = np.searchsorted(opens, opens - WINDOW * step), np.arange(len(opens))
    returns = (count[row] - count[first]).astype(np.float64)
    enough = returns >= ENOUGH
    mean = (total[row] - total[first]) / _RESOLUTION / np.where(enough, returns, 1.0)
    return np.where(enough, np.maximum(np.sqrt(mean), LEAST_DEVIATION), np.nan)


def _wicks(candles: Candles) -> NDArray[np.float64]:
    """The longer one of each candle's two wicks, as a log return from its body."""
    # Differences of logarithms: a quotient of prices that are sound may be infinite.
    up = np.log(candles.high) - np.log(np.maximum(candles.open, candles.close))
    down = np.log(np.minimum(candles.open, candles.close)) - np.log(candles.low)
    return np.where(up >= down, up, -down)
