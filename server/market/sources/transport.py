"""HTTP for the exchanges: answers within a time and a size, and what they said beside their content."""

from __future__ import annotations

import io
import time
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from typing import Any

import requests
from urllib3 import HTTPResponse
from urllib3.exceptions import HTTPError, ReadTimeoutError

PIECE_BYTES = 65_536
LIMITING = (418, 429)
"""Statuses by which a source asks for fewer calls."""
PASSING = (408, 425)
"""4xx statuses after which the same call may succeed."""
LARGEST_ANSWER = 64 * 1024 * 1024
"""The longest list of markets that an exchange sends is some 15 MB."""


@dataclass(frozen=True, slots=True)
class Heading:
    """The status and the headers of an answer."""

    status: int
    headers: Mapping[str, str]

    @property
    def date(self) -> float | None:
        """The sender's own time (seconds, UTC) when it answered; None when it does not say."""
        return _http_date(self.headers.get("Date", ""))

    @property
    def retry_after(self) -> float | None:
        """Seconds that the sender asks to wait; a time is counted from its own ``Date``."""
        text = self.headers.get("Retry-After", "").strip()
        if text.replace(".", "", 1).isdigit():
            return float(text)
        moment = _http_date(text)
        if moment is None:
            return None
        return max(0.0, moment - (self.date or datetime.now(UTC).timestamp()))


class Transport(requests.Session):
    """A session that remembers the last heading, and gives up after ``deadline`` seconds in all.

    The time limit of ``requests`` alone begins anew with every byte.
    """

    def __init__(self, deadline: float) -> None:
        super().__init__()
        self.deadline = deadline
        self.last: Heading | None = None

    def send(self, request: requests.PreparedRequest, **options: Any) -> requests.Response:
        """As ``requests`` does it, with the content read before it returns."""
        self.last = None
        ends = time.monotonic() + self.deadline
        response = super().send(request, **{**options, "stream": True})
        self.last = Heading(response.status_code, response.headers)
        try:
            content = _read(response.raw, ends)
        except ReadTimeoutError as error:
            raise requests.ReadTimeout(error, request=request) from error
        except HTTPError as error:
            raise requests.ConnectionError(error, request=request) from error
        finally:
            response.close()
        # Decoded already: it must not name an encoding again.
        response.raw = HTTPResponse(io.BytesIO(content), preload_content=False)
        return response


def _read(raw: Any, ends: float) -> bytes:
    pieces: list[bytes] = []
    size = 0
    while piece := raw.read1(PIECE_BYTES, decode_content=True):
        pieces.append(piece)
        size += len(piece)
        if size > LARGEST_ANSWER:
            raise requests.ConnectionError(f"the answer is longer than {LARGEST_ANSWER} bytes")
        if time.monotonic() > ends:
            raise requests.ReadTimeout("the answer came too slowly")
    return b"".join(pieces)


def _http_date(text: str) -> float | None:
    try:
        return parsedate_to_datetime(text).timestamp()
    except ValueError:
        return None
