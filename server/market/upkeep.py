"""What keeps the stored candles whole and new by itself: the work behind the schedules.

Each takes the backfills of its process and answers what it did, in plain values.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any, Final

from redis.exceptions import RedisError

from server.errors import Conflict, InvalidInput, ServerError
from server.market import cleaning, discovery, follows, jobs, prices, quality, sample, store, stored_gaps
from server.market.backfilling import Backfills, ask_for
from server.market.candles import iso_time, require_interval
from server.market.courtesy.breaker import CourtesyUnknown
from server.market.second_source import compare
from server.market.sources.contract import HistoryNotOffered
from server.market.tables import MarketJob

TAIL_ROWS: Final = 24
"""Newest candles that are asked for again: exchanges correct them, and list some late."""
FIRST_ROWS: Final = (1000, 700)
"""What is fetched of a followed series of which nothing is stored; less where no source keeps as much."""
UNREACHABLE: Final = frozenset({"source_unreachable", "source_paused"})

Work = Callable[[Backfills, str], dict[str, Any]]


def refresh_prices(backfills: Backfills, _owner: str) -> dict[str, Any]:
    """Ask for the last prices of the followed tickers."""
    tickers = sorted({ticker for ticker, _ in follows.followed()})
    found = backfills.sources.prices(tickers)
    prices.keep(found)
    return {"prices": len(found), "missing": [ticker for ticker in tickers if ticker not in found]}


def extend_history(backfills: Backfills, owner: str) -> dict[str, Any]:
    """Bring every followed series up to now, its newest candles asked for again."""
    return _each(follows.followed(), lambda *series: _extend(backfills, owner, *series))


def audit_series(backfills: Backfills, owner: str) -> dict[str, Any]:
    """Repair the gaps of followed series, then check all candles of every stored one; forget old jobs."""
    followed = set(follows.followed())

    def look_at(*series: str) -> dict[str, Any]:
        repaired = _repair(backfills, owner, *series) if series in followed else {}
        return {**repaired, **quality.audit(*series), **_compared(backfills, *series)}

    stored = [(series.ticker, series.interval) for series in store.list_series()]
    return {**_each(stored, look_at), "jobs_forgotten": jobs.prune()}


def discover_coins(backfills: Backfills, _owner: str) -> dict[str, Any]:
    """Ask which coins there are, and which of them can be traded where."""
    return discovery.discover(backfills.sources, backfills.settings.market_coins)


def clean_up(backfills: Backfills, _owner: str) -> dict[str, Any]:
    """Delete old candles of fine intervals that nobody needs."""
    done = cleaning.clean(backfills.settings, backfills.sources.exchanges())
    return {
        "deleted": sum(deleted for _, deleted in done),
        "series": {
            f"{plan.ticker} {plan.interval}": {**plan.payload(), "deleted": deleted} for plan, deleted in done
        },
    }


def extend_sample(backfills: Backfills, owner: str) -> dict[str, Any]:
    """Bring the shipped series up to now. ``reached`` False: no source could be reached."""
    series = [(ticker, sample.INTERVAL) for ticker in sample.tickers()]
    outcomes: dict[str, Any] = {}
    for ticker, interval in series:
        outcome = _extend(backfills, owner, ticker, interval)
        outcomes[f"{ticker} {interval}"] = outcome
        if outcome.get("unreachable"):
            return {"reached": False, "series": outcomes}
    return {"reached": True, "series": outcomes}


def _each(series: list[follows.Pair], work: Callable[[str, str], dict[str, Any]]) -> dict[str, Any]:
    return {"series": {f"{ticker} {interval}": work(ticker, interval) for ticker, interval in series}}


def _extend(backfills: Backfills, owner: str, ticker: str, interval: str) -> dict[str, Any]:
    step, known = require_interval(interval), store.series_version(ticker, interval)
    if known is None:
        return _begin(backfills, owner, ticker, interval)
    since = int(known[1].timestamp()) - TAIL_ROWS * step
    return _run(backfills, owner, ticker, interval, since, None, refresh=True)


def _begin(backfills: Backfills, owner: str, ticker: str, interval: str) -> dict[str, Any]:
    step, outcome = require_interval(interval), dict[str, Any]()
    now = int(time.time()) // step * step
    for rows in FIRST_ROWS:
        outcome = _run(backfills, owner, ticker, interval, now - rows * step, None)
        if not outcome.get("too_old"):
            break
    return outcome


def _repair(backfills: Backfills, owner: str, ticker: str, interval: str) -> dict[str, Any]:
    before = stored_gaps.gap_report(ticker, interval)
    if not before.gaps:
        return {"missing": 0}
    step = require_interval(interval)
    # With the candle before the first gap: the price that a time without trades stands at.
    since, until = before.gaps[0].first - step, before.gaps[-1].last + step
    outcome = _run(backfills, owner, ticker, interval, since, until)
    after = stored_gaps.gap_report(ticker, interval)
    return {**outcome, "missing_before": before.missing, "missing": after.missing, "gaps": len(after.gaps)}


def _compared(backfills: Backfills, ticker: str, interval: str) -> dict[str, Any]:
    try:
        found = compare(ticker, interval, backfills.sources, backfills.settings)
    except ServerError as error:
        return {"not_compared": error.message}
    except RedisError as error:
        return {"not_compared": CourtesyUnknown(error).message}
    return {} if found is None else {"compared": found["candles"], "beyond": found["beyond"]}


def _run(
    backfills: Backfills,
    owner: str,
    ticker: str,
    interval: str,
    since: int,
    until: int | None,
    *,
    refresh: bool = False,
) -> dict[str, Any]:
    """One backfill from beginning to end, unless another job of the series is active.

    A file may hold candles that are older than any exchange: they are not asked for.
    """
    begin, end = datetime.fromtimestamp(since, UTC), None
    if until is not None:
        end = datetime.fromtimestamp(until, UTC)
    try:
        job = ask_for(backfills.jobs, ticker, interval, begin, end, refresh=refresh)
    except (Conflict, InvalidInput) as refused:
        return {"skipped": refused.message}
    ended = backfills.run(job.id, owner, patient=False)
    return _outcome(ended or jobs.get(job.id)) | {"since": iso_time(since)}


def _outcome(job: MarketJob) -> dict[str, Any]:
    told = {"job_id": job.id, "status": job.status, "stored": job.counts.get("stored", 0)}
    if job.error is None:
        return told
    reasons = job.error["details"].get("reasons", {}).values() or [job.error["error_code"]]
    return {
        **told,
        "error": job.error["message"],
        "unreachable": UNREACHABLE.issuperset(reasons),
        "too_old": HistoryNotOffered.error_code in reasons,
    }
