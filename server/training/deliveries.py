"""What the trainer's parent does with a delivery before a child is spent on it."""

from __future__ import annotations

import structlog
from celery.worker.request import Request
from sqlalchemy.exc import SQLAlchemyError

from server.training import sessions

log = structlog.get_logger(__name__)


class SessionRequest(Request):
    """A delivery that is dropped when its session no longer waits.

    A session whose message may be lost is sent again, so some deliveries come twice. In a child they
    would find the session taken and leave; but a child is replaced after its task, and the next
    training would wait seconds for a warm one.
    """

    def revoked(self) -> bool:
        """Asked by Celery before it hands the task to a child."""
        return bool(super().revoked()) or self._is_late()

    def _is_late(self) -> bool:
        session_id = self._request_dict["args"][0]
        try:
            with self._app.flask_app.app_context():
                if sessions.waits(session_id):
                    return False
        except SQLAlchemyError as error:
            log.warning("queue.unchecked_delivery", session_id=session_id, error=str(error))
            return False
        self._announce_revoked("the session no longer waits", False, None, False)
        return True
