"""A training's epochs without the training: ``epoch_writer SESSION RATE SECONDS EPOCHS``.

Each is numbered, stored, committed and published as a worker does it. They count from 1 to ``EPOCHS`` and
from 1 again, as those of a run that begins anew.
"""

from __future__ import annotations

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
    session_id, rate, seconds, epochs = sys.argv[1], *map(int, sys.argv[2:])
    settings = replace(Settings.from_environment(), async_mode="threading")
    app = create_app(settings)
    publisher = RedisPublisher(settings.redis_database(0))
    with app.app_context():
        began = time.monotonic()
        for number in range(rate * seconds):
            time.sleep(max(0.0, began + number / rate - time.monotonic()))
            log.append(session_id, NewEvent("epoch", epoch_data(number % epochs + 1, epochs)), publisher)


if __name__ == "__main__":
    main()
