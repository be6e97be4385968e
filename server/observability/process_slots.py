"""Short stable names for the processes that share a metrics folder.

A process holds the lowest free slot by a lock that the kernel releases at its death. So names of
processes alive at the same time differ, and the number of files is bounded by how many lived at once,
not by how many ever lived: a successor goes on counting in the same files.
"""

from __future__ import annotations

import fcntl
import os
from pathlib import Path


class ProcessSlots:
    """The slots of ``folder``, which is made when it is missing."""

    def __init__(self, folder: str) -> None:
        self.folder = folder
        self._path = Path(folder)
        self._path.mkdir(parents=True, exist_ok=True)
        self._pid = 0
        self._slot = ""
        self._lock = -1

    def current(self) -> str:
        """The name of the calling process; a forked child gets its own at its first call."""
        if self._pid != os.getpid():
            self._claim()
        return self._slot

    def drop_gauges_of_the_dead(self) -> None:
        """Counters outlive their process; what a dead process had open or running does not."""
        for lock_file in self._path.glob("slot-*.lock"):
            if lock_file.stem == self._slot:
                continue
            descriptor = _try_lock(lock_file)
            if descriptor is not None:
                self._drop_gauges(lock_file.stem)
                os.close(descriptor)

    def _claim(self) -> None:
        if self._lock >= 0:
            # The parent's lock, inherited: closing this copy leaves the parent's in force.
            os.close(self._lock)
        self._slot, self._lock = self._lowest_free()
        self._pid = os.getpid()
        self._drop_gauges(self._slot)

    def _lowest_free(self) -> tuple[str, int]:
        number = 0
        while (lock := _try_lock(self._path / f"slot-{number}.lock")) is None:
            number += 1
        return f"slot-{number}", lock

    def _drop_gauges(self, slot: str) -> None:
        for file in self._path.glob(f"gauge_*_{slot}.db"):
            file.unlink(missing_ok=True)


def _try_lock(path: Path) -> int | None:
    descriptor = os.open(path, os.O_CREAT | os.O_RDWR | os.O_CLOEXEC, 0o644)
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        os.close(descriptor)
        return None
    return descriptor
