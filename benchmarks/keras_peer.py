"""The same network as many serve it: ``model.predict`` in a Flask view, nothing stored, nothing checked.

It is sent the scaled window that this project's server computes for itself.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from benchmarks.served import Peer, running_peer
from server.local import processes

PATH = "/predict"
THREADS = 16


def create_app(network: str) -> Any:
    """The whole application: gunicorn's factory, called in its worker alone."""
    import keras
    import numpy as np
    from flask import Flask, request

    model = keras.saving.load_model(network, compile=False)
    app = Flask(__name__)

    @app.post(PATH)
    def predict() -> dict[str, Any]:
        window = np.asarray(request.get_json()["inputs"], dtype=np.float32)
        return {"predictions": model.predict(window, verbose=0).tolist()}

    return app


@contextmanager
def running_keras(network: Path, folder: Path) -> Iterator[Peer]:
    """The view under gunicorn, one process with a thread for each connection."""
    port = processes.free_port()
    command = [
        *(sys.executable, "-m", "gunicorn", f"benchmarks.keras_peer:create_app({str(network)!r})"),
        # The project's own configuration file, in this folder, is not for this server.
        *("--config", os.devnull, "--bind", f"127.0.0.1:{port}"),
        *("--worker-class", "gthread", "--threads", str(THREADS), "--timeout", "120", "--no-control-socket"),
    ]
    with running_peer("keras", command, port, PATH, folder, dict(os.environ)) as peer:
        yield peer
