"""Training over HTTP: each view translates one request into one call."""

from __future__ import annotations

from typing import Any

from flask import request, url_for
from flask.views import MethodView
from flask_smorest import Blueprint

from server import adapters
from server.errors import InvalidInput
from server.extensions import limiter
from server.training import log, ranges, schemas, sessions, tasks

blueprint = Blueprint(
    "training", __name__, url_prefix="/api/v1/train", description="Start, watch and cancel trainings"
)

LONGEST_IDEMPOTENCY_KEY = 200


def _idempotency_key() -> str | None:
    key = request.headers.get("Idempotency-Key")
    if key is not None and not 0 < len(key) <= LONGEST_IDEMPOTENCY_KEY:
        raise InvalidInput(
            f"Idempotency-Key must have 1 to {LONGEST_IDEMPOTENCY_KEY} characters, not {len(key)}",
            field="Idempotency-Key",
        )
    return key


@blueprint.route("")
class Trainings(MethodView):
    """All sessions."""

    decorators = [limiter.limit(lambda: adapters.settings().rate_limit_train, methods=["POST"])]

    @blueprint.arguments(schemas.StartTraining)
    @blueprint.response(202, schemas.TrainingStarted)
    def post(self, body: dict[str, Any]) -> tuple[dict[str, Any], int, dict[str, str]]:
        """Start a training; a repeated ``Idempotency-Key`` returns the session it made before."""
        wanted = ranges.resolve(body)
        session = sessions.start(
            wanted, adapters.settings(), adapters.publisher(), tasks.enqueue, _idempotency_key()
        )
        location = url_for("training.TrainingStatus", session_id=session.id)
        return sessions.snapshot(session), 202, {"Location": location}

    @blueprint.arguments(schemas.HistoryQuery, location="query")
    @blueprint.response(200, schemas.HistorySchema)
    def get(self, query: dict[str, Any]) -> dict[str, Any]:
        """The history, newest first unless asked otherwise."""
        page, page_size, sort = query.pop("page"), query.pop("page_size"), query.pop("sort")
        rows, total = sessions.history(query, page, page_size, sort)
        found = [sessions.snapshot(row) for row in rows]
        return {"sessions": found, "total": total, "page": page, "page_size": page_size}


@blueprint.route("/running")
class RunningTrainings(MethodView):
    """Sessions that hold a slot."""

    @blueprint.response(200, schemas.RunningSchema)
    def get(self) -> dict[str, Any]:
        """Sessions that wait or run, and how many may."""
        found = [sessions.snapshot(session) for session in sessions.running()]
        return {
            "count": len(found),
            "max_sessions": adapters.settings().max_training_sessions,
            "sessions": found,
        }


@blueprint.route("/<string:session_id>/status")
class TrainingStatus(MethodView):
    """One session."""

    @blueprint.response(200, schemas.SessionSchema)
    def get(self, session_id: str) -> dict[str, Any]:
        """Status, stage, progress, and the metrics beside naive's once it is evaluated."""
        return sessions.snapshot(sessions.get(session_id))


@blueprint.route("/<string:session_id>/events")
class TrainingEvents(MethodView):
    """The log of one session."""

    @blueprint.arguments(schemas.EventsQuery, location="query")
    @blueprint.response(200, schemas.EventsSchema)
    def get(self, query: dict[str, Any], session_id: str) -> dict[str, Any]:
        """The events with ``seq > after``, in order."""
        session = sessions.get(session_id)
        events = log.read(session_id, after=query["after"], limit=query["limit"])
        return {"session_id": session_id, "last_seq": session.last_seq, "events": events}


@blueprint.route("/<string:session_id>/cancel")
class TrainingCancel(MethodView):
    """The end of one session, on request."""

    @blueprint.response(202, schemas.SessionSchema)
    def delete(self, session_id: str) -> dict[str, Any]:
        """Cancel a waiting or running session; 409 when it has already ended."""
        return sessions.snapshot(sessions.cancel(session_id, adapters.publisher()))
