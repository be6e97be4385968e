"""The last price of each followed ticker, as a source said it."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

from sqlalchemy import select
from sqlalchemy.dialects.postgresql import insert

from server.extensions import db
from server.market.moments import iso
from server.market.sources.contract import Price
from server.market.tables import LastPrice


def keep(prices: Mapping[str, Price]) -> None:
    """Store these prices, unless a later one of the ticker is stored already."""
    if not prices:
        return
    rows = [
        {
            "ticker": each.ticker,
            "price": each.price,
            "timestamp": datetime.fromtimestamp(each.timestamp, UTC),
            "source": each.source,
        }
        for each in prices.values()
    ]
    sent = insert(LastPrice).values(rows)
    new = {name: sent.excluded[name] for name in ("price", "timestamp", "source")}
    later = LastPrice.timestamp <= sent.excluded.timestamp
    db.session.execute(sent.on_conflict_do_update(index_elements=["ticker"], set_=new, where=later))
    db.session.commit()


def listing() -> list[dict[str, Any]]:
    """The last known price of each ticker, with its source's own time."""
    rows = db.session.scalars(
        select(LastPrice).order_by(LastPrice.ticker).execution_options(populate_existing=True)
    )
    return [
        {"ticker": row.ticker, "price": row.price, "timestamp": iso(row.timestamp), "source": row.source}
        for row in rows
    ]
