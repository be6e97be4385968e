"""Names of rooms, of the events sent to them and of the Redis channel: built and parsed here only."""

from __future__ import annotations

CHANNEL = "crypto-predict"
"""Redis pub/sub channel between publishers and web processes. Flask-SocketIO and python-socketio
have different defaults, so a process that relied on one of them would publish into the void."""

TRAINING_UPDATE = "training_update"
TRAINING_PROGRESS = "training_progress"
PREDICTION_UPDATE = "prediction_update"
MARKET_UPDATE = "market_update"
MARKET_JOB = "market_job"
ERROR_UPDATE = "error_update"

_TRAINING = "training_"
_PREDICTION = "prediction_"
_MARKET = "market_"

REQUEST_ID_PATTERN = r"^[A-Za-z0-9-]{8,64}$"
"""No underscore: the room of a request can never be that of a series."""


def training_room(session_id: str) -> str:
    """The room of one training session."""
    return f"{_TRAINING}{session_id}"


def session_of(room: str) -> str | None:
    """The session whose room this is; ``None`` for rooms of other kinds."""
    return room.removeprefix(_TRAINING) if room.startswith(_TRAINING) else None


def prediction_room(request_id: str) -> str:
    """The room of one requested forecast; it may be joined before the request is made."""
    return f"{_PREDICTION}{request_id}"


def forecasts_room(ticker: str, interval: str) -> str:
    """The room of all forecasts of a ticker and interval."""
    return f"{_PREDICTION}{ticker}_{interval}"


def request_of(room: str) -> str | None:
    """The request whose room this is; ``None`` for rooms of other kinds."""
    name = room.removeprefix(_PREDICTION)
    return name if room.startswith(_PREDICTION) and "_" not in name else None


def series_of(room: str) -> tuple[str, str] | None:
    """Ticker and interval whose forecasts go to this room; ``None`` for rooms of other kinds."""
    ticker, separator, interval = room.removeprefix(_PREDICTION).partition("_")
    return (ticker, interval) if room.startswith(_PREDICTION) and separator else None


def market_room(ticker: str, interval: str) -> str:
    """The room of the candles of a ticker and interval, live ones and the backfills that store them."""
    return f"{_MARKET}{ticker}_{interval}"
