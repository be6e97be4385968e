"""Whether the exchanges can be reached from here; asked only on request."""

from __future__ import annotations

from collections.abc import Iterator

from server.config import Settings
from server.market.sources.contract import SourceError
from server.market.sources.order import Sources
from server.operations.findings import Check, Finding, ok, warning


def exchanges(settings: Settings) -> Iterator[Finding]:
    """Ask each for its list of markets."""
    sources = Sources(settings)
    try:
        for name in settings.market_sources:
            try:
                listed = len(sources.of(name).tickers())
            except SourceError as error:
                yield warning(
                    "exchanges",
                    f"{name} cannot be asked: {error.message}",
                    "Open the way out, or set MARKET_SOURCES to exchanges that answer here",
                )
            else:
                yield ok("exchanges", f"{name} lists {listed:,} markets")
    finally:
        sources.close()


CHECKS: dict[str, Check] = {"exchanges": exchanges}
