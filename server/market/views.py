"""``/market``: what is stored and followed, candles, gaps, files, backfills; ``/tasks/schedules``."""

from __future__ import annotations

import time
from collections.abc import Callable
from datetime import datetime
from shutil import copyfileobj
from tempfile import SpooledTemporaryFile
from typing import IO, Any

from flask import Response, current_app, request, url_for
from flask_smorest import Blueprint

from server.errors import InvalidInput
from server.extensions import limiter, socketio
from server.market import (
    backfilling,
    discovery,
    follows,
    jobs,
    prices,
    quality,
    schedules,
    store,
    stored_gaps,
    tasks,
)
from server.market.candles import COLUMNS, iso_time
from server.market.csv_import import BinaryStream, gap_payload, import_csv
from server.market.gaps import GapReport
from server.market.job_schemas import (
    BackfillRequest,
    JobsQuery,
    JobsSchema,
    MarketJobSchema,
    PricesSchema,
    ScheduleQueuedSchema,
    SchedulesSchema,
)
from server.market.json_answers import json_answer, json_bytes, json_rows
from server.market.kept_answers import KeptAnswers, name_of
from server.market.quality_schemas import CoinsQuery, CoinsSchema, QualitySchema
from server.market.schemas import (
    CandlesQuery,
    CandlesSchema,
    FollowedListSchema,
    GapReportSchema,
    ImportQuery,
    ImportReportSchema,
    SeriesQuery,
    TickersSchema,
)

blueprint = Blueprint("market", __name__, url_prefix="/api/v1/market", description="Candles")
schedule_blueprint = Blueprint(
    "schedules", __name__, url_prefix="/api/v1/tasks/schedules", description="What is done again and again"
)

# Some ten answers of a year of hours; charts ask for the same range again and again.
_kept_candles = KeptAnswers("candles", 16 * 1024 * 1024)
LARGEST_IN_MEMORY = 1024 * 1024
FOLLOWED_SERIES = "/followed/<string:ticker>/<string:interval>"
_FILE_BODY = {
    "required": True,
    "content": {
        "multipart/form-data": {
            "schema": {"type": "object", "properties": {"file": {"type": "string", "format": "binary"}}}
        },
        "text/csv": {"schema": {"type": "string"}},
    },
}


@blueprint.get("/tickers")
@blueprint.response(200, TickersSchema)
def tickers() -> dict[str, Any]:
    """Every series that is stored, with its range."""
    return {"tickers": [_with_range(series, sources=series.sources) for series in store.list_series()]}


@blueprint.get("/candles")
@blueprint.arguments(CandlesQuery, location="query")
@blueprint.response(200, CandlesSchema)
@blueprint.alt_response(304, description="`If-None-Match` names the present answer")
@blueprint.alt_response(404, description="Nothing is stored of this series")
def candles(query: dict[str, Any]) -> Response:
    """Candles of a range, oldest first: the first after `start`, or the last before `end`."""
    # Read before the candles: a change meanwhile is kept under the version that nobody asks for again.
    state = store.require_state(query["ticker"], query["interval"])
    name = name_of(sorted(query.items()), state)
    return _named(name, lambda: _kept_candles.fetch(name, lambda: _candles(**query)))


@blueprint.get("/gaps")
@blueprint.arguments(SeriesQuery, location="query")
@blueprint.response(200, GapReportSchema)
@blueprint.alt_response(404, description="Nothing is stored of this series")
def gaps(query: dict[str, Any]) -> dict[str, Any]:
    """Candles that are missing between the first and the last of a series."""
    report = stored_gaps.gap_report(**query)
    return _with_range(report, missing=report.missing, gaps=[gap_payload(gap) for gap in report.gaps])


@blueprint.get("/quality")
@blueprint.arguments(SeriesQuery, location="query")
@blueprint.response(200, QualitySchema)
@blueprint.alt_response(304, description="`If-None-Match` names the present answer")
@blueprint.alt_response(404, description="Nothing is stored of this series")
def series_quality(query: dict[str, Any]) -> Response:
    """What a series holds and lacks, what stands out in it, and how fresh it is; null: not measured."""
    # Read before the series: a change meanwhile is answered under the name that nobody asks for again.
    name = name_of(query, quality.state(**query))
    return _named(name, lambda: json_bytes(quality.report(**query)))


@blueprint.get("/coins")
@blueprint.arguments(CoinsQuery, location="query")
@blueprint.response(200, CoinsSchema)
def coins(query: dict[str, Any]) -> dict[str, Any]:
    """Coins by market cap, as CoinGecko last listed them, and where they are traded."""
    found, total = discovery.page(**query)
    return {"coins": found, "total": total, "page": query["page"], "page_size": query["page_size"]}


@blueprint.post("/import")
@limiter.limit(lambda: current_app.config["SETTINGS"].rate_limit_import)
@blueprint.arguments(ImportQuery, location="query")
@blueprint.response(200, ImportReportSchema)
@blueprint.alt_response(
    422, description="A row has a fault; `details.report` lists them and nothing is stored"
)
@blueprint.doc(requestBody=_FILE_BODY)
def import_file(query: dict[str, Any]) -> dict[str, Any]:
    """Store the candles of a CSV file: the form field `file`, or the body itself as text/csv."""
    with _uploaded() as file:
        # Between two chunks other requests get their turn.
        report = import_csv(file, **query, now=time.time(), on_progress=lambda _: socketio.sleep(0))
    return report.payload()


@blueprint.get("/followed")
@blueprint.response(200, FollowedListSchema)
def followed() -> dict[str, Any]:
    """Every followed series: forecast on each closed candle, by the active models."""
    return _followed()


@blueprint.put(FOLLOWED_SERIES)
@blueprint.response(200, FollowedListSchema)
def follow(ticker: str, interval: str) -> dict[str, Any]:
    """Follow a series; following it again changes nothing."""
    follows.follow(ticker, interval)
    return _followed()


@blueprint.delete(FOLLOWED_SERIES)
@blueprint.response(204)
@blueprint.alt_response(404, description="It is not followed")
@blueprint.alt_response(409, description="The setting FOLLOW names it")
def unfollow(ticker: str, interval: str) -> None:
    """Follow a series no longer; its candles, models and forecasts stay."""
    follows.unfollow(ticker, interval)


@blueprint.post("/backfill")
@limiter.limit(lambda: current_app.config["SETTINGS"].rate_limit_backfill)
@blueprint.arguments(BackfillRequest)
@blueprint.response(202, MarketJobSchema)
@blueprint.alt_response(409, description="A job of the series is active already")
def backfill(body: dict[str, Any]) -> Any:
    """Fetch the candles of a range that are missing; its progress goes to the room of the series."""
    job = backfilling.ask_for(tasks.process_jobs(), **body)
    tasks.enqueue(job.id)
    return jobs.payload(job), {"Location": url_for("market.job", job_id=job.id)}


@blueprint.get("/jobs")
@blueprint.arguments(JobsQuery, location="query")
@blueprint.response(200, JobsSchema)
def list_jobs(query: dict[str, Any]) -> dict[str, Any]:
    """The last jobs, newest first."""
    return {"jobs": [jobs.payload(job) for job in jobs.listing(**query)]}


@blueprint.get("/jobs/<string:job_id>")
@blueprint.response(200, MarketJobSchema)
@blueprint.alt_response(404, description="There is no such job")
def job(job_id: str) -> dict[str, Any]:
    """One job."""
    return jobs.payload(jobs.get(job_id))


@blueprint.delete("/jobs/<string:job_id>")
@blueprint.response(202, MarketJobSchema)
@blueprint.alt_response(404, description="There is no such job")
@blueprint.alt_response(409, description="It has ended already")
def cancel_job(job_id: str) -> dict[str, Any]:
    """End a job after its present page; what it stored stays."""
    return jobs.payload(tasks.process_jobs().cancel(job_id))


@blueprint.get("/prices")
@blueprint.response(200, PricesSchema)
def last_prices() -> dict[str, Any]:
    """The last known price of each ticker that is or was followed."""
    return {"prices": prices.listing()}


@schedule_blueprint.get("")
@schedule_blueprint.response(200, SchedulesSchema)
def list_schedules() -> dict[str, Any]:
    """What is done again and again, and how the last run of each ended."""
    return {"schedules": schedules.listing()}


@schedule_blueprint.post("/<string:name>/run")
@schedule_blueprint.response(202, ScheduleQueuedSchema)
@schedule_blueprint.alt_response(404, description="There is no such schedule")
def run_schedule(name: str) -> dict[str, Any]:
    """Run a schedule now."""
    tasks.enqueue_schedule(name)
    return {"name": name}


def _followed() -> dict[str, Any]:
    return {
        "followed": [
            {
                "ticker": each.ticker,
                "interval": each.interval,
                "by_setting": each.by_setting,
                "since": _stamp(each.since),
                "newest": _stamp(each.newest),
            }
            for each in follows.listing()
        ]
    }


def _stamp(moment: datetime | None) -> str | None:
    return None if moment is None else iso_time(int(moment.timestamp()))


def _uploaded() -> BinaryStream:
    if request.mimetype in ("text/csv", "application/csv", "text/plain"):
        return _received(request.stream)
    if "file" in request.files:
        return request.files["file"].stream
    raise InvalidInput(
        "No file was sent: send it as the form field `file`, or as the body with Content-Type: text/csv",
        field="file",
        value=None,
    )


def _received(body: IO[bytes]) -> BinaryStream:
    """The whole body: a client that takes its time to send it holds neither a connection nor the series."""
    received = SpooledTemporaryFile(LARGEST_IN_MEMORY)  # noqa: SIM115 - closed by whoever asked for it
    copyfileobj(body, received)
    received.seek(0)
    return received


def _with_range(series: store.Series | GapReport, **more: Any) -> dict[str, Any]:
    return {
        "ticker": series.ticker,
        "interval": series.interval,
        "first": iso_time(series.first),
        "last": iso_time(series.last),
        "rows": series.rows,
        **more,
    }


def _named(name: str, make: Callable[[], bytes]) -> Response:
    """The body that ``make()`` has, as the answer ``name``; without it for a caller who has that already."""
    # Weak too: a proxy that compresses the answer makes its name a weak one.
    known = request.if_none_match.contains_weak(name)
    response = Response(status=304) if known else json_answer(make())
    response.set_etag(name)
    response.cache_control.no_cache = True
    return response


def _candles(ticker: str, interval: str, resample: str | None, **part: Any) -> bytes:
    if resample is None:
        found, incomplete = store.query_candles(ticker, interval, **part), 0
    else:
        made = store.query_resampled(ticker, interval, resample, **part)
        found, incomplete = made.candles, made.incomplete
    prices = {name: getattr(found, name) for name in COLUMNS[1:]}
    answer = {
        "ticker": ticker,
        "interval": resample or interval,
        "count": len(found),
        "incomplete": incomplete,
        "candles": json_rows({"timestamp": found.timestamp.astype("datetime64[s]"), **prices}),
    }
    return json_bytes(answer)
