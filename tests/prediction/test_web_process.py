"""A web process that has made a forecast is still a small one."""

from __future__ import annotations

import json
import os
import subprocess
import sys

from server.config import PROJECT_ROOT, Settings
from server.extensions import db
from server.local.environment import environment_of
from server.registry.tables import Model

FORECAST = """
import json, sys
import psutil
from wsgi import app
answer = app.test_client().post("/api/v1/predict", json={"ticker": "BTC-USD"})
print("FOUND", json.dumps({
    "status": answer.status_code, "modules": sorted(sys.modules), "bytes": psutil.Process().memory_info().rss,
}))
"""
HEAVY = {"tensorflow", "keras", "scipy", "onnx", "tf2onnx", "pandas", "matplotlib"}
MOST_MEGABYTES = 220


def test_after_a_forecast_the_web_process_holds_no_framework_and_little_memory(
    model: Model, settings: Settings
) -> None:
    db.session.commit()
    environment = {**environment_of(settings, dict(os.environ)), "ASYNC_MODE": "gevent"}
    environment.pop("PYTHONWARNINGS", None)
    done = subprocess.run(
        [sys.executable, "-c", FORECAST],
        cwd=PROJECT_ROOT,
        env=environment,
        capture_output=True,
        text=True,
        timeout=60,
        check=True,
    )
    found = json.loads(done.stdout.rpartition("FOUND")[2])
    assert found["status"] == 200
    assert not HEAVY & set(found["modules"])
    assert found["bytes"] / 1e6 < MOST_MEGABYTES
