"""Just enough of HTTP/1.1 to measure a server: one request as bytes, one answer out of bytes."""

from __future__ import annotations

from dataclasses import dataclass

END_OF_HEAD = b"\r\n\r\n"


@dataclass(frozen=True, slots=True)
class Answer:
    """A whole answer; ``closes`` says that the server ends the connection after it."""

    status: int
    body: bytes
    closes: bool


def post(host: str, port: int, path: str, body: str) -> bytes:
    """A POST of JSON on a connection that stays open."""
    content = body.encode()
    head = (
        f"POST {path} HTTP/1.1\r\nHost: {host}:{port}\r\nContent-Type: application/json\r\n"
        f"Content-Length: {len(content)}\r\n\r\n"
    )
    return head.encode() + content


def answer_in(received: bytes | bytearray) -> Answer | None:
    """The answer, once all of it is there, else ``None``.

    Raises :class:`ValueError` for an answer without ``Content-Length``: its end is not looked for.
    """
    end = received.find(END_OF_HEAD)
    if end < 0:
        return None
    status_line, *lines = bytes(received[:end]).decode("latin-1").split("\r\n")
    headers = {name.lower(): value.strip() for name, _, value in (line.partition(":") for line in lines)}
    if "content-length" not in headers:
        raise ValueError(f"an answer without Content-Length: {status_line}")
    start = end + len(END_OF_HEAD)
    stop = start + int(headers["content-length"])
    if len(received) < stop:
        return None
    closes = headers.get("connection", "").lower() == "close"
    return Answer(int(status_line.split(" ", 2)[1]), bytes(received[start:stop]), closes)
