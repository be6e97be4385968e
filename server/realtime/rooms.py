"""Names of rooms, of the events sent to them and of the Redis channel: built and parsed here only."""

from __future__ import annotations

CHANNEL = "crypto-predict"
"""Redis pub/sub channel between publishers and web processes. Flask-SocketIO and python-socketio
have different defaults, so a process that relied on one of them would publish into the void."""

TRAINING_UPDATE = "training_update"
TRAINING_PROGRESS = "training_progress"
ERROR_UPDATE = "error_update"

_TRAINING = "training_"


def training_room(session_id: str) -> str:
    """The room of one training session."""
    return f"{_TRAINING}{session_id}"


def session_of(room: str) -> str | None:
    """The session whose room this is; ``None`` for rooms of other kinds."""
    return room.removeprefix(_TRAINING) if room.startswith(_TRAINING) else None
