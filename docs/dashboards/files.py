"""The dashboards as the files that Grafana reads."""

from __future__ import annotations

import json
from pathlib import Path

from docs.dashboards.machines import MACHINES
from docs.dashboards.market import MARKET
from docs.dashboards.overview import OVERVIEW
from docs.dashboards.predictions import PREDICTIONS
from docs.dashboards.realtime import REALTIME
from docs.dashboards.training import TRAINING

FOLDER = Path(__file__).resolve().parents[2] / "grafana" / "dashboards"
DASHBOARDS = (OVERVIEW, TRAINING, REALTIME, PREDICTIONS, MARKET, MACHINES)


def texts() -> dict[str, str]:
    """The text of each dashboard by the name of its file in ``FOLDER``."""
    return {
        f"{each['uid'].removeprefix('crypto-predict-')}.json": json.dumps(each, indent=1, ensure_ascii=False)
        + "\n"
        for each in DASHBOARDS
    }
