"""A backfill as a job: what is asked for, how it runs, and what becomes of it when its source fails."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

import structlog
from redis.exceptions import RedisError

from server.config import Settings
from server.errors import InvalidInput, ServerError, Unavailable
from server.market.backfill import Left, Progress, Wanted, backfill
from server.market.candles import iso_time, require_interval, require_ticker
from server.market.courtesy.breaker import CourtesyUnknown
from server.market.jobs import Jobs
from server.market.second_source import compare
from server.market.sources.contract import (
    NOT_OFFERED,
    RateLimited,
    SourceAnswerUnusable,
    SourceError,
    SourcePaused,
    SourceUnreachable,
)
from server.market.sources.order import NoSource, Sources
from server.market.tables import CANCELLED, COMPLETED, FAILED, MarketJob

KIND = "backfill"
EARLIEST = datetime(2010, 1, 1, tzinfo=UTC)
"""No exchange is older."""
ATTEMPTS = 5
"""Attempts in a row without a page after which a job ends FAILED."""
FIRST_PAUSE, LONGEST_PAUSE = 30.0, 600.0
NOTED_SECONDS = 0.5
"""Shortest time between two notes of a job's progress."""

_PASSING = (RateLimited, SourcePaused, SourceUnreachable, SourceAnswerUnusable, CourtesyUnknown)
_PASSING_CODES = {error.error_code for error in _PASSING}
_log = structlog.get_logger(__name__)

OnProgress = Callable[[Progress], None]


@dataclass(frozen=True, slots=True)
class Backfills:
    """Backfills as jobs. ``stopping`` says whether this process is to end.

    Called within an application context, by workers and commands: running one loads ccxt.
    """

    jobs: Jobs
    sources: Sources
    settings: Settings
    stopping: Callable[[], bool] = lambda: False

    def run(
        self, job_id: str, owner: str, *, patient: bool = True, on_progress: OnProgress = lambda _: None
    ) -> MarketJob | None:
        """Run a job until it ends, as it is then; None when somebody else runs it.

        A failure that may pass: a ``patient`` job waits for its next attempt, another one ends FAILED.
        """
        job = self.jobs.claim(job_id, owner)
        if job is None:
            return None
        if job.attempts > ATTEMPTS:
            return self.jobs.end(job_id, owner, FAILED, _given_up(job))
        # Read now: every note of the progress makes the row anew.
        wanted, attempts = _wanted(job, self.settings), job.attempts
        noted = _Noted(self, job_id, owner, on_progress, Progress.resumed(job.counts))
        try:
            self._fill(wanted, noted)
        except ServerError as error:
            if noted.paged:
                attempts = 1
            return self._failed(noted, error, attempts if patient else ATTEMPTS)
        return self._ended(noted, wanted)

    def _fill(self, wanted: Wanted, noted: _Noted) -> None:
        """Backfill from the first source that has the candles; where it fails, the next one goes on.

        One that asks for patience has not failed, unless it asks for more than a job would wait. Raises
        :class:`NoSource`, with what each said, when none is left, and :class:`CourtesyUnknown`.
        """
        progress, failed = noted.progress, dict[str, ServerError]()
        while True:
            try:
                backfill(
                    wanted,
                    lambda since: self.sources.choose(wanted.ticker, wanted.interval, since, failed),
                    noted.go_on,
                    progress,
                )
                return
            except RedisError as error:
                raise CourtesyUnknown(error) from error
            except (SourceError, *NOT_OFFERED) as error:
                if isinstance(error, NoSource) or _asks_for_patience(error):
                    raise
                failed[progress.source] = error
                _leave(progress, error)
            if noted.paged and not noted.note(progress):
                return

    def _ended(self, noted: _Noted, wanted: Wanted) -> MarketJob | None:
        progress, run = noted.progress, (noted.job_id, noted.owner)
        if progress.complete:
            if progress.stored:
                self._compare(wanted.ticker, wanted.interval)
            return self.jobs.end(*run, COMPLETED, counts=progress.counts(), percentage=100.0)
        if noted.cancelled:
            return self.jobs.end(*run, CANCELLED, **noted.told())
        return self.jobs.hand_back(*run, **noted.told())

    def _compare(self, ticker: str, interval: str) -> None:
        try:
            compare(ticker, interval, self.sources, self.settings)
        except (ServerError, RedisError) as error:
            # What was fetched is stored all the same, and the nightly audit compares again.
            _log.warning("not compared", ticker=ticker, interval=interval, reason=str(error))

    def _failed(self, noted: _Noted, error: ServerError, attempts: int) -> MarketJob | None:
        run, told = (noted.job_id, noted.owner), noted.told()
        _log.warning("backfill failed", job_id=noted.job_id, error_code=error.code, reason=error.message)
        if attempts >= ATTEMPTS or not may_pass(error):
            return self.jobs.end(*run, FAILED, error, **told)
        asked: float = getattr(error, "retry_after", None) or FIRST_PAUSE * 2 ** (attempts - 1)
        return self.jobs.hand_back(*run, min(asked, LONGEST_PAUSE), error, **told)


@dataclass(slots=True)
class _Noted:
    """A job's progress on its way to the row, not more often than anyone could read it."""

    backfills: Backfills
    job_id: str
    owner: str
    on_progress: OnProgress
    progress: Progress
    cancelled: bool = False
    paged: bool = False
    noted_at: float = 0.0

    def go_on(self, progress: Progress) -> bool:
        """After a page: whether to fetch another one."""
        self.paged = True
        self.on_progress(progress)
        if self.backfills.stopping():
            return False
        return time.monotonic() - self.noted_at < NOTED_SECONDS or self.note(progress)

    def told(self) -> dict[str, Any]:
        """What an attempt leaves on the row when it ends: before its first page nothing new."""
        if not self.paged:
            return {}
        return {"counts": self.progress.counts(), "percentage": self.progress.percentage}

    def note(self, progress: Progress) -> bool:
        """Write it to the row, which tells the room; whether the job is still wanted."""
        self.noted_at = time.monotonic()
        counts = progress.counts()
        self.cancelled = not self.backfills.jobs.advance(self.job_id, self.owner, progress.percentage, counts)
        return not self.cancelled


def ask_for(
    jobs: Jobs,
    ticker: str,
    interval: str,
    since: datetime,
    until: datetime | None = None,
    *,
    refresh: bool = False,
) -> MarketJob:
    """A new job for candles with ``since <= open < until`` (None: up to now).

    Raises :class:`InvalidInput`, or :class:`Conflict` while another job of the series is active.
    """
    require_ticker(ticker)
    require_interval(interval)
    _require_range(since, until, datetime.now(UTC))
    params = {
        "since": iso_time(int(since.timestamp())),
        "until": None if until is None else iso_time(int(until.timestamp())),
        "refresh": refresh,
    }
    return jobs.start(KIND, ticker, interval, params)


def may_pass(error: ServerError) -> bool:
    """Whether the same backfill may succeed later."""
    if isinstance(error, NoSource):
        return not _PASSING_CODES.isdisjoint(error.details["reasons"].values())
    return isinstance(error, _PASSING)


def _require_range(since: datetime, until: datetime | None, now: datetime) -> None:
    if not EARLIEST <= since < now:
        raise InvalidInput(
            f"since {since.isoformat()} must be before now and not before {EARLIEST.date()}",
            field="since",
            value=since.isoformat(),
        )
    if until is not None and until <= since:
        raise InvalidInput(
            f"until {until.isoformat()} must be after since {since.isoformat()}",
            field="until",
            value=until.isoformat(),
        )


def _wanted(job: MarketJob, settings: Settings) -> Wanted:
    params = job.params
    until = params["until"]
    return Wanted(
        job.ticker,
        job.interval,
        int(datetime.fromisoformat(params["since"]).timestamp()),
        None if until is None else int(datetime.fromisoformat(until).timestamp()),
        refresh=params["refresh"],
        flat=settings.market_flat_candles,
    )


def _asks_for_patience(error: ServerError) -> bool:
    return isinstance(error, RateLimited) and (error.retry_after or 0.0) <= LONGEST_PAUSE


def _leave(progress: Progress, error: ServerError) -> None:
    before = sum(left.fetched for left in progress.left)
    left = Left(progress.source, progress.fetched - before, error.code, error.message)
    progress.left.append(left)
    # The next one is asked for all that is missing, and counts it.
    progress.missing = progress.gaps = 0
    _log.warning("source left", source=left.source, fetched=left.fetched, reason=error.message)


def _given_up(job: MarketJob) -> ServerError:
    told = (job.error or {}).get("message") or "its workers died"
    return Unavailable(
        f"Given up after {ATTEMPTS} attempts without a page: {told}", error_code="job_given_up"
    )
