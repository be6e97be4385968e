"""What is tidied up every night."""

from __future__ import annotations

from server import adapters
from server.extensions import celery
from server.operations import retention


@celery.task(name="operations.tidy")
def tidy() -> None:
    """Delete what is older than the RETENTION settings keep."""
    retention.tidy(adapters.settings(), adapters.artifacts(), adapters.checkpoints)
