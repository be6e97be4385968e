"""Which coins there are, the largest first, and which of them the configured exchanges trade."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import UTC, datetime
from typing import Any

import structlog
from sqlalchemy import func, or_, select, update
from sqlalchemy.dialects.postgresql import insert

from server.errors import InvalidInput
from server.extensions import db
from server.market.moments import iso
from server.market.sources.contract import CoinListing, SourceError
from server.market.sources.order import Sources
from server.market.sources.symbols import symbols_of, ticker_of
from server.market.tables import Coin

PAGE_ROWS = 250
QUOTE = "USD"

_log = structlog.get_logger(__name__)


def discover(sources: Sources, wanted: int) -> dict[str, Any]:
    """Ask for the ``wanted`` largest coins and store them, all or none; how many, and how many are new.

    Coins that are no longer among them stay, without a rank. Of an exchange that does not answer it stays
    known what it traded. Raises a :class:`SourceError` when the list itself could not be had: then what
    is stored stays as it is.
    """
    listed = _listed(sources, wanted)
    traded, silent = _traded(sources)
    known = {row.coin_id: row for row in db.session.scalars(select(Coin))}
    now, tickers = datetime.now(UTC), _tickers(listed)
    rows = []
    for coin in listed:
        ticker, before = tickers.get(coin.coin_id), known.get(coin.coin_id)
        remembered = set(before.sources) & silent if before is not None and before.ticker == ticker else set()
        at = [name for name in sources.exchanges() if name in remembered or _trades(traded, name, ticker)]
        rows.append(_row(coin, ticker if at else None, at, now))
    _store(rows)
    new = sum(row["coin_id"] not in known for row in rows)
    tradable = sum(row["ticker"] is not None for row in rows)
    return {"coins": len(rows), "new": new, "tradable": tradable, "silent_exchanges": sorted(silent)}


def page(search: str | None, tradable: bool, page: int, page_size: int) -> tuple[list[dict[str, Any]], int]:
    """One page of the coins by rank, those without one last, and how many match in all.

    ``search`` is looked for in name, symbol and id, in any case; ``tradable``: only those with a ticker.
    """
    query = select(Coin)
    if search:
        places = (Coin.name, Coin.symbol, Coin.coin_id)
        query = query.where(or_(*(place.icontains(search, autoescape=True) for place in places)))
    if tradable:
        query = query.where(Coin.ticker.is_not(None))
    total = db.session.scalar(select(func.count()).select_from(query.subquery())) or 0
    ordered = query.order_by(Coin.market_cap_rank.nulls_last(), Coin.name, Coin.coin_id)
    rows = db.session.scalars(
        ordered.limit(page_size).offset((page - 1) * page_size).execution_options(populate_existing=True)
    )
    return [_payload(row) for row in rows], total


def _listed(sources: Sources, wanted: int) -> list[CoinListing]:
    """The coins of all pages; one that moved from page to page meanwhile counts once."""
    found: dict[str, CoinListing] = {}
    coins = sources.coins()
    try:
        for number in range(1, -(-wanted // PAGE_ROWS) + 1):
            answer = coins.fetch_coins(number, PAGE_ROWS)
            found |= {coin.coin_id: coin for coin in answer if coin.coin_id not in found}
            if len(answer) < PAGE_ROWS:
                break
    finally:
        coins.close()
    return list(found.values())[:wanted]


def _traded(sources: Sources) -> tuple[dict[str, set[str]], set[str]]:
    """What each exchange trades, and the exchanges that did not say."""
    traded: dict[str, set[str]] = {}
    silent: set[str] = set()
    for name in sources.exchanges():
        try:
            traded[name] = set(sources.of(name).tickers())
        except SourceError as error:
            _log.info("markets are not known", source=name, reason=error.message)
            silent.add(name)
    return traded, silent


def _tickers(listed: Iterable[CoinListing]) -> dict[str, str]:
    """The ticker of each coin. Symbols are not unique: the largest coin has it."""
    taken: dict[str, str] = {}
    for coin in listed:
        taken.setdefault(f"{coin.symbol}-{QUOTE}", coin.coin_id)
    return {coin_id: ticker for ticker, coin_id in taken.items()}


def _trades(traded: Mapping[str, set[str]], name: str, ticker: str | None) -> bool:
    if ticker is None or name not in traded:
        return False
    try:
        symbols = symbols_of(ticker)
    except InvalidInput:
        # A coin's symbol may be anything.
        return False
    return any(ticker_of(symbol) in traded[name] for symbol in symbols)


def _row(coin: CoinListing, ticker: str | None, at: list[str], now: datetime) -> dict[str, Any]:
    return {
        "coin_id": coin.coin_id,
        "symbol": coin.symbol,
        "name": coin.name,
        "market_cap_rank": coin.market_cap_rank,
        "market_cap": coin.market_cap,
        "price": coin.price,
        "volume_24h": coin.volume_24h,
        "ticker": ticker,
        "sources": at,
        "updated_at": now,
    }


def _store(rows: list[dict[str, Any]]) -> None:
    if not rows:
        return
    sent = insert(Coin)
    new = {name: sent.excluded[name] for name in rows[0] if name != "coin_id"}
    db.session.execute(sent.on_conflict_do_update(index_elements=["coin_id"], set_=new), rows)
    listed = [row["coin_id"] for row in rows]
    db.session.execute(update(Coin).where(Coin.coin_id.not_in(listed)).values(market_cap_rank=None))
    db.session.commit()


def _payload(row: Coin) -> dict[str, Any]:
    return {
        "coin_id": row.coin_id,
        "symbol": row.symbol,
        "name": row.name,
        "market_cap_rank": row.market_cap_rank,
        "market_cap": row.market_cap,
        "price": row.price,
        "volume_24h": row.volume_24h,
        "ticker": row.ticker,
        "sources": row.sources,
        "updated_at": iso(row.updated_at),
    }
