"""What every batch of candles has to be before it is stored. Pure calculations on columns."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
from numpy.typing import NDArray

from server.errors import InvalidInput
from server.market.candles import COLUMNS, Candles, iso_time

Mask = NDArray[np.bool_]


class UnsoundCandles(InvalidInput):
    """A batch that cannot be candles; the details say of how many rows, and show the first."""

    error_code = "unsound_candles"


def require_sound(candles: Candles, step: int) -> None:
    """Check shape, order, grid (``step`` seconds), prices and volumes. Raises :class:`UnsoundCandles`."""
    rows = len(candles)
    shapes = {name: getattr(candles, name).shape for name in COLUMNS}
    if any(shape != (rows,) for shape in shapes.values()):
        raise UnsoundCandles(f"The columns have different lengths: {shapes}", fault="columns")
    for fault, mask in _faults(candles, step):
        if mask.any():
            first = int(mask.argmax())
            shown = {name: getattr(candles, name)[first].item() for name in COLUMNS}
            raise UnsoundCandles(
                f"{int(mask.sum())} of {rows} candles cannot be stored: {fault}; "
                f"the first is that of {iso_time(shown['timestamp'])}",
                fault=fault,
                # As text: NaN is not JSON.
                candle={name: repr(value) for name, value in shown.items()},
            )


def _faults(candles: Candles, step: int) -> Iterator[tuple[str, Mask]]:
    # Comparisons with NaN are false: each is written so that this means a fault.
    opens, low, high = candles.timestamp, candles.low, candles.high
    yield f"the open is not on the grid of {step} seconds", (opens % step != 0) | (opens < 0)
    yield "the open is not after the one before it", np.diff(opens, prepend=opens[:1] - 1) <= 0
    yield "a price is not above zero", ~(low > 0)
    yield "a price is not finite", ~(high < np.inf)
    lowest, highest = np.minimum(candles.open, candles.close), np.maximum(candles.open, candles.close)
    yield "a price lies outside the low and the high", ~((low <= lowest) & (highest <= high))
    yield "the volume is not a number from zero up", ~((candles.volume >= 0) & (candles.volume < np.inf))
