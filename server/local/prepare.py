"""Bring the database up to date and load the sample candles: a short process before the others start.

A process of its own, so that the one that watches over the stack stays small.
"""

from __future__ import annotations

from flask_migrate import upgrade

from server.app import create_app
from server.config import PROJECT_ROOT


def main() -> None:
    app = create_app()
    with app.app_context():
        upgrade(str(PROJECT_ROOT / "migrations"))
    result = app.test_cli_runner().invoke(args=["market", "load-sample"])
    if result.exit_code != 0:
        raise SystemExit(result.output)


if __name__ == "__main__":
    main()
