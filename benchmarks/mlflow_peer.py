"""The same network in MLflow's scoring server: ``mlflow models serve`` with its own defaults.

MLflow has an environment of its own, made on first use and kept: nothing of it belongs to the project.
Its TensorFlow and Keras have the versions of the project, so that the artifact loads as it is.
"""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from importlib.metadata import version
from pathlib import Path

from benchmarks.served import Peer, running_peer
from server.config import PROJECT_ROOT
from server.local import processes

ENVIRONMENT = PROJECT_ROOT / ".local" / "bench-mlflow"
PYTHON = ENVIRONMENT / "bin" / "python"
MLFLOW = "3.17.2"
INSTALL_SECONDS = 900

# Runs in MLflow's environment. The signature tells its server that the inputs are a tensor.
SAVE = """
import sys, keras, mlflow.keras, numpy
from mlflow.models import ModelSignature
from mlflow.types import Schema, TensorSpec
network, folder = sys.argv[1:]
model = keras.saving.load_model(network, compile=False)
shapes = [(-1, *shape[1:]) for shape in (model.input_shape, model.output_shape)]
inputs, outputs = (Schema([TensorSpec(numpy.dtype("float32"), shape)]) for shape in shapes)
mlflow.keras.save_model(model, folder, signature=ModelSignature(inputs, outputs))
"""


class NotAvailable(Exception):
    """MLflow cannot be measured here; the message says why."""


@contextmanager
def running_mlflow(network: Path, folder: Path) -> Iterator[Peer]:
    """MLflow's server of a ``.keras`` file. Raises :class:`NotAvailable` when it cannot be installed."""
    _install()
    saved = folder / "mlflow-model"
    _finished([str(PYTHON), "-c", SAVE, str(network), str(saved)], 120)
    port = processes.free_port()
    # Its launcher starts `uvicorn` by name.
    path = os.pathsep.join((str(PYTHON.parent), os.environ["PATH"]))
    command = [str(PYTHON), "-m", "mlflow", "models", "serve", "-m", str(saved), "--port", str(port)]
    command += ["--env-manager", "local"]
    with running_peer("mlflow", command, port, "/invocations", folder, {**os.environ, "PATH": path}) as peer:
        yield peer


def _install() -> None:
    """The environment with the packages asked for; nothing is done when it has them."""
    wanted = [f"mlflow=={MLFLOW}", *(f"{name}=={version(name)}" for name in ("tensorflow", "keras"))]
    stamp = ENVIRONMENT / "installed.txt"
    if stamp.exists() and stamp.read_text().split() == wanted:
        return
    print(f"installing {', '.join(wanted)} into {ENVIRONMENT}", file=sys.stderr, flush=True)
    uv = [sys.executable, "-m", "uv"]
    _finished([*uv, "venv", "--quiet", "--clear", "--python", sys.executable, str(ENVIRONMENT)], 60)
    _finished([*uv, "pip", "install", "--quiet", "--python", str(PYTHON), *wanted], INSTALL_SECONDS)
    stamp.write_text("\n".join(wanted))


def _finished(command: list[str], seconds: float) -> None:
    try:
        done = subprocess.run(command, capture_output=True, text=True, timeout=seconds)
    except (OSError, subprocess.TimeoutExpired) as error:
        raise NotAvailable(f"{command[0]}: {error}") from error
    if done.returncode != 0:
        raise NotAvailable(f"{' '.join(command[:4])} ended with {done.returncode}: {done.stderr[-600:]}")
