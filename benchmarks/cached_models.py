"""What ready models weigh, in their own process: ``python -m benchmarks.cached_models WAY FOLDER CAPACITY``.

``WAY`` is ``runtime``, the product's cache of models, or ``bare``: ONNX Runtime's sessions of the same
files and nothing else. ``FOLDER`` is an artifact store; each of its models is asked for one forecast.
"""

from __future__ import annotations

import gc
import json
import sys
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import onnxruntime
import psutil

from benchmarks.model_copies import store_copies
from benchmarks.product import output_of
from benchmarks.report import Row
from benchmarks.series import sample
from benchmarks.trained_model import TrainedModel
from server.features.build import build_features
from server.forecasters.artifacts import ArtifactStore

MEGABYTE = 1_000_000
SESSION_GOAL, LINEAR_GOAL, SPARE = 1.25, 1.3, 1.5


@dataclass(frozen=True, slots=True)
class Weighed:
    """Growth of a process (MB, resident) when half of the models and when all had been used; models held."""

    half: float
    grown: float
    held: int


def rows(model: TrainedModel, folder: Path, copies: int, few: int) -> list[Row]:
    """Weigh ``copies`` of a model, all kept and only ``few`` kept."""
    store_copies(ArtifactStore(model.folder.parents[1].as_uri()), ArtifactStore(folder.as_uri()),
                 model.model_id, copies)  # fmt: skip
    kept, evicted, bare = (
        Weighed(**json.loads(output_of(["-m", "benchmarks.cached_models", way, str(folder), str(capacity)])))
        for way, capacity in (("runtime", copies), ("runtime", few), ("bare", copies))
    )
    return [*_growth_rows(kept, bare, folder, copies), *_eviction_rows(kept, evicted, copies, few)]


def _growth_rows(kept: Weighed, bare: Weighed, folder: Path, copies: int) -> list[Row]:
    def stored(*names: str) -> float:
        sizes = (path.stat().st_size for name in names for path in folder.rglob(name))
        return sum(sizes) / MEGABYTE

    name, networks = f"{copies} models cached: memory grown", stored("model.onnx")
    read = stored("model.onnx", "manifest.json")
    sessions, second = kept.grown / bare.grown, kept.grown - kept.half
    return [
        Row(f"{name}; peer: their model.onnx", kept.grown, "MB", networks, kept.grown / networks),
        Row(f"{name}; peer: the files read", kept.grown, "MB", read, kept.grown / read,
            note="model.onnx and manifest"),
        Row(f"{name}; peer: bare sessions", kept.grown, "MB", bare.grown, sessions,
            f"at most {SESSION_GOAL} x", sessions <= SESSION_GOAL,
            "a session holds graph, plan and kernels beside the weights: most of it, of a small network"),
        Row("- the second half of them; peer: the first", second, "MB", kept.half, second / kept.half,
            f"linear: at most {LINEAR_GOAL} x", second <= LINEAR_GOAL * kept.half),
    ]  # fmt: skip


def _eviction_rows(kept: Weighed, evicted: Weighed, copies: int, few: int) -> list[Row]:
    allowed, ratio = SPARE * few / copies, evicted.grown / kept.grown
    return [
        Row(f"{copies} models through a cache of {few}: kept", str(evicted.held), "models", None, None,
            str(few), evicted.held == few),
        Row(f"- memory grown; peer: all {copies} cached", evicted.grown, "MB", kept.grown, ratio,
            f"at most {allowed:.3g} x", ratio <= allowed),
    ]  # fmt: skip


def weigh(way: str, folder: Path, capacity: int) -> dict[str, float]:
    """Use every model of a store once, the first also before anything is weighed."""
    names = sorted(path.name for path in (folder / "models").iterdir())
    use, held = _runtime(folder, capacity) if way == "runtime" else _bare(folder)
    warm, _ = _runtime(folder, 1) if way == "runtime" else _bare(folder)
    warm(names[0])  # what the first model of a process costs is not a model's weight
    before, middle = _resident(), len(names) // 2
    half = _used(use, names[:middle]) - before
    return {"half": half, "grown": _used(use, names[middle:]) - before, "held": held()}


Use = Callable[[str], None]
Held = Callable[[], int]


def _used(use: Use, names: Sequence[str]) -> float:
    for name in names:
        use(name)
    return _resident()


def _runtime(folder: Path, capacity: int) -> tuple[Use, Held]:
    from server.prediction.runtime import Runtime

    runtime = Runtime(ArtifactStore(folder.as_uri()), capacity)
    features = build_features(sample()[-1000:]).values

    def use(name: str) -> None:
        runtime.get(name).predict(features, np.array([len(features) - 1]))

    return use, lambda: len(runtime)


def _bare(folder: Path) -> tuple[Use, Held]:
    sessions: dict[str, onnxruntime.InferenceSession] = {}
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = options.inter_op_num_threads = 1
    options.enable_cpu_mem_arena = False

    def use(name: str) -> None:
        content = (folder / "models" / name / "model.onnx").read_bytes()
        session = onnxruntime.InferenceSession(content, options, providers=["CPUExecutionProvider"])
        asked = session.get_inputs()[0]
        session.run(None, {asked.name: np.zeros((1, *asked.shape[1:]), dtype=np.float32)})
        sessions[name] = session

    return use, lambda: len(sessions)


def _resident() -> float:
    gc.collect()
    resident: int = psutil.Process().memory_info().rss
    return resident / MEGABYTE


if __name__ == "__main__":
    print(json.dumps(weigh(sys.argv[1], Path(sys.argv[2]), int(sys.argv[3]))))
