"""Publish numbered events to a room as a worker does: ``room_publisher URL ROOM COUNT RATE``.

The first event is read from stdin as JSON. Each carries ``data.sent``, the machine's monotonic clock in
nanoseconds at the call of ``publish``.
"""

from __future__ import annotations

import json
import sys
import time

from server.realtime.publisher import RedisPublisher
from server.realtime.rooms import TRAINING_UPDATE


def main() -> None:
    redis_url, room, count, rate = sys.argv[1:]
    template = json.load(sys.stdin)
    publisher = RedisPublisher(redis_url)
    # The connection is made on first use; a worker has it by the time of its first epoch.
    publisher.publish("nobody", TRAINING_UPDATE, template)
    start = time.monotonic()
    for published in range(int(count)):
        time.sleep(max(0.0, start + published / float(rate) - time.monotonic()))
        seq = template["seq"] + published
        data = {**template["data"], "epoch": seq, "sent": time.monotonic_ns()}
        publisher.publish(room, TRAINING_UPDATE, {**template, "seq": seq, "data": data})


if __name__ == "__main__":
    main()
