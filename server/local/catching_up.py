"""After the start: the shipped candles are brought up to the present, if an exchange can be reached."""

from __future__ import annotations

import json
import threading
import time
import urllib.request
from collections.abc import Callable
from typing import Any

from server.config import Settings
from server.local.terminal import say

PATH = "/api/v1/tasks/schedules"
SCHEDULE = "sample"
POLL_SECONDS = 2.0
PATIENCE_SECONDS = 1800.0
OFFLINE = (
    "No exchange can be reached: the server runs on the shipped sample of candles. Once one can be:\n"
    "  .venv/bin/flask --app wsgi market schedules --run sample\n"
)


def catch_up(settings: Settings, tell: Callable[[str], None] = say) -> threading.Thread | None:
    """Ask for it and watch it in the background; a sentence only when it cannot be done.

    None when the setting ``MARKET_BACKFILL_ON_START`` says not to.
    """
    if not settings.market_backfill_on_start:
        return None
    thread = threading.Thread(target=_watch, args=(settings, tell), name="catching up", daemon=True)
    thread.start()
    return thread


def _watch(settings: Settings, tell: Callable[[str], None]) -> None:
    try:
        before = _last_run(settings)
        _ask(settings, f"{PATH}/{SCHEDULE}/run", "POST")
        deadline = time.monotonic() + PATIENCE_SECONDS
        while (run := _last_run(settings)) is None or run == before or run["finished_at"] is None:
            if time.monotonic() > deadline:
                return
            time.sleep(POLL_SECONDS)
    except OSError:
        # The server is stopping, or it refuses: its own log says why.
        return
    if run["error"]:
        tell(f"The candles could not be brought up to the present: {run['error']['message']}")
    elif not run["result"]["reached"]:
        tell(OFFLINE)


def _last_run(settings: Settings) -> dict[str, Any] | None:
    schedules = _ask(settings, PATH, "GET")["schedules"]
    found: dict[str, Any] | None = next(each["last_run"] for each in schedules if each["name"] == SCHEDULE)
    return found


def _ask(settings: Settings, path: str, method: str) -> dict[str, Any]:
    request = urllib.request.Request(settings.own_url(path), method=method)  # noqa: S310 - http, our own
    with urllib.request.urlopen(request, timeout=30) as answer:  # noqa: S310 - http, our own
        body: dict[str, Any] = json.load(answer)
    return body
