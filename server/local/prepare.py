"""Bring the database up to date and load the sample candles: a short process before the others start.

A process of its own, so that the one that watches over the stack stays small.
"""

from __future__ import annotations

import time

from flask_migrate import upgrade

from server.app import create_app
from server.config import PROJECT_ROOT
from server.market.sample import load_sample


def main() -> None:
    app = create_app()
    with app.app_context():
        upgrade(str(PROJECT_ROOT / "migrations"))
        load_sample(now=time.time())


if __name__ == "__main__":
    main()
