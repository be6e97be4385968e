"""The machine: disk, open files, and the folder through which processes share metrics."""

from __future__ import annotations

import os
import resource
import shutil
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import unquote, urlsplit

from server.config import PROJECT_ROOT, Settings
from server.operations.findings import Check, Finding, ok, problem, warning

LITTLE_SHARE, LITTLE_BYTES = 0.1, 1024**3
SCARCELY_ANY_BYTES = 200 * 1024**2
FEW_FILES = 4096


def disk(settings: Settings) -> Iterator[Finding]:
    """Where artifacts and local copies are written."""
    folders = [settings.model_cache_dir or str(PROJECT_ROOT)]
    if settings.artifact_url.startswith("file:"):
        folders.append(unquote(urlsplit(settings.artifact_url).path))
    for folder in dict.fromkeys(_existing(Path(folder)) for folder in folders):
        usage = shutil.disk_usage(folder)
        yield space(str(folder), usage.free, usage.total)


def space(folder: str, free: int, total: int) -> Finding:
    """What ``free`` of ``total`` bytes mean."""
    sentence = f"{free / 1024**3:.1f} of {total / 1024**3:.1f} GiB are free at {folder}"
    remedy = "Free some, or see what may go: `flask retention`, `flask models prune --keep 3 --dry-run`"
    if free < SCARCELY_ANY_BYTES:
        return problem("disk", sentence, remedy)
    if free < LITTLE_BYTES or free < total * LITTLE_SHARE:
        return warning("disk", sentence, remedy)
    return ok("disk", sentence)


def open_files(_: Settings) -> Finding:
    """Each client is a file; the server raises its limit as far as it may."""
    _soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    if 0 <= hard < FEW_FILES:
        return warning(
            "open files",
            f"A process may open {hard:,} files, so a web process has no more clients than that",
            "Raise it: ulimits nofile in Docker, LimitNOFILE in systemd",
        )
    return ok("open files", "A process may open " + ("any number of" if hard < 0 else f"{hard:,}") + " files")


def metrics_folder(settings: Settings) -> Finding:
    """Where the processes of this machine share what they count."""
    folder = settings.prometheus_multiproc_dir
    if not folder:
        if settings.worker_metrics_port:
            return problem(
                "metrics",
                "WORKER_METRICS_PORT is set and PROMETHEUS_MULTIPROC_DIR is not: workers will not start",
                "Set PROMETHEUS_MULTIPROC_DIR to an empty folder, best in memory (/run/metrics)",
            )
        return ok("metrics", "PROMETHEUS_MULTIPROC_DIR is not set: each process counts for itself")
    if not os.path.isdir(folder) or not os.access(folder, os.W_OK | os.X_OK):
        return problem(
            "metrics",
            f"PROMETHEUS_MULTIPROC_DIR={folder} is no folder that this user may write to",
            f"Make it, owned by user {os.getuid()}",
        )
    return ok("metrics", f"Metrics are shared through {folder}")


def _existing(path: Path) -> Path:
    """The nearest folder that is there already."""
    return next((each for each in (path, *path.parents) if each.exists()), Path("/"))


CHECKS: dict[str, Check] = {"disk": disk, "open files": open_files, "metrics": metrics_folder}
