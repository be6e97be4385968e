"""A forecast drawn with characters: the path, the naive forecast and both intervals."""

from __future__ import annotations

import math
from typing import Any, NamedTuple

from rich.text import Text

HEIGHT = 13
PATH, NAIVE, INSIDE_80, INSIDE_95 = "●", "─", "▒", "░"
STYLES = {PATH: "bold cyan", NAIVE: "yellow", INSIDE_80: "blue", INSIDE_95: "bright_black"}
LEGEND = ((PATH, "forecast"), (NAIVE, "naive"), (INSIDE_80, "80 %"), (INSIDE_95, "95 %"))


class Column(NamedTuple):
    """What is drawn above one candle; prices."""

    price: float
    naive: float
    inside_80: tuple[float, float]
    inside_95: tuple[float, float]


class Scale(NamedTuple):
    """From prices to rows: row 0 is at the bottom, at ``low``; the last one is at ``high``."""

    low: float
    high: float

    def row(self, price: float) -> int:
        """The row that is nearest to ``price``."""
        span = self.high - self.low
        return round((price - self.low) / span * (HEIGHT - 1)) if span else 0


def price(value: float) -> str:
    """A price with six significant digits, at least to the cent: ``8,012.10``, ``0.000123456``."""
    decimals = 5 - math.floor(math.log10(abs(value))) if value else 2
    return f"{value:,.{max(decimals, 2)}f}"


def chart(made: dict[str, Any]) -> Text:
    """The answer of ``POST /predict`` as ``HEIGHT`` lines and a legend; the first column is the origin."""
    columns = _columns(made)
    scale = Scale(min(each.inside_95[0] for each in columns), max(each.inside_95[1] for each in columns))
    close = made["origin"]["close"]
    labels = {scale.row(value): price(value) for value in (scale.low, scale.high, close)}
    width = max(map(len, labels.values()))
    drawn = Text()
    for row in reversed(range(HEIGHT)):
        drawn.append(f"{labels.get(row, ''):>{width}} {'┤' if row in labels else '│'}")
        for column in columns:
            symbol = _symbol(column, row, scale)
            drawn.append(symbol * 2, STYLES.get(symbol))
        drawn.append("\n")
    drawn.append(" " * (width + 2))
    for symbol, meaning in LEGEND:
        drawn.append(symbol, STYLES[symbol]).append(f" {meaning}  ")
    return drawn


def _columns(made: dict[str, Any]) -> list[Column]:
    close = made["origin"]["close"]
    steps = [
        Column(
            step["predicted_price"],
            naive["predicted_price"],
            (step["lower_80"], step["upper_80"]),
            (step["lower_95"], step["upper_95"]),
        )
        for step, naive in zip(made["predictions"], made["baseline"], strict=True)
    ]
    return [Column(close, close, (close, close), (close, close)), *steps]


def _symbol(column: Column, row: int, scale: Scale) -> str:
    if row == scale.row(column.price):
        return PATH
    if row == scale.row(column.naive):
        return NAIVE
    for symbol, (low, high) in ((INSIDE_80, column.inside_80), (INSIDE_95, column.inside_95)):
        if scale.row(low) <= row <= scale.row(high):
            return symbol
    return " "
