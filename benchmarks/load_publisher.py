"""Append epochs to the logs of many sessions as workers do: ``load_publisher RATE SESSION:TOKEN ...``.

Each session gets ``RATE`` events a second, evenly spread, stored, committed and published one by one under
its lease, until stdin ends. ``data.sent`` is the machine's monotonic clock in nanoseconds before the event is
stored. Prints the last number of each session, how many events there were, and ``behind``: the seconds by
which it was late at the end. ``began`` on stdout says that it has begun.
"""

from __future__ import annotations

import json
import select
import sys
import time
from dataclasses import replace

from server.app import create_app
from server.config import Settings
from server.realtime.publisher import RedisPublisher
from server.training import log
from server.training.events import NewEvent
from tests.dashboard.long_session import epoch_data


def main() -> None:
    rate = float(sys.argv[1])
    leases = [each.split(":") for each in sys.argv[2:]]
    # What every event would log is no part of what is measured.
    settings = replace(Settings.from_environment(), async_mode="threading", log_level="WARNING")
    app = create_app(settings)
    publisher = RedisPublisher(settings.redis_database(0))
    last: dict[str, int] = {}
    with app.app_context():
        print("began", flush=True)
        began, number, due = time.monotonic(), 0, 0.0
        while not select.select([sys.stdin], [], [], max(0.0, due - time.monotonic()))[0]:
            session_id, token = leases[number % len(leases)]
            epoch = NewEvent("epoch", {**epoch_data(1 + number % 1000), "sent": time.monotonic_ns()})
            last[session_id] = log.append(session_id, epoch, publisher, held_by=token)["seq"]
            number += 1
            due = began + number / (rate * len(leases))
        print(json.dumps({"last": last, "behind": max(0.0, time.monotonic() - due), "count": number}))


if __name__ == "__main__":
    main()
