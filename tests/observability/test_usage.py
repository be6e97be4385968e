"""What the processes of a service use: the whole process group, under names that stay few."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import psutil
import pytest

from server.observability.usage import Usage, memory_limit

# A leader with two children, each of which holds 40 MB.
GROUP = """
import signal, subprocess, sys
signal.signal(signal.SIGCHLD, signal.SIG_IGN)  # who has ended is gone
child = "held = bytearray(b'x' * 40_000_000); print(flush=True); input()"
children = [
    subprocess.Popen([sys.executable, "-c", child], stdin=subprocess.PIPE, stdout=subprocess.PIPE)
    for _ in range(2)
]
for each in children:
    each.stdout.readline()
print("ready", flush=True)
input()
for each in children:
    each.communicate()
"""


@pytest.fixture
def group() -> Iterator[int]:
    """A process group of three, by its id."""
    with subprocess.Popen(
        [sys.executable, "-c", GROUP], stdin=subprocess.PIPE, stdout=subprocess.PIPE, start_new_session=True
    ) as leader:
        assert leader.stdout is not None
        assert leader.stdin is not None
        assert leader.stdout.readline() == b"ready\n"
        yield leader.pid
        leader.stdin.close()


def samples(usage: Usage) -> dict[str, dict[str, float]]:
    """Metric to process to value."""
    return {
        family.name: {sample.labels.get("process", ""): sample.value for sample in family.samples}
        for family in usage.collect()
    }


def test_every_process_of_the_group_is_shown_and_no_other(group: int) -> None:
    found = samples(Usage(lambda: group))
    assert set(found["crypto_predict_process_memory_bytes"]) == {"main", "child-0", "child-1"}
    assert found["crypto_predict_process_memory_bytes"]["child-1"] > 40_000_000
    assert found["crypto_predict_process_cpu_seconds"]["main"] >= 0
    assert found["crypto_predict_process_open_files"]["child-0"] >= 3


def test_a_child_keeps_its_name_when_another_ends(group: int) -> None:
    usage = Usage(lambda: group)
    first, second = sorted(psutil.Process(group).children(), key=lambda child: child.pid)
    before = samples(usage)["crypto_predict_process_cpu_seconds"]
    first.kill()
    psutil.wait_procs([first], timeout=10)
    after = samples(usage)["crypto_predict_process_cpu_seconds"]
    assert set(after) == {"main", "child-1"}
    assert after["child-1"] >= before["child-1"]
    assert second.is_running()


def test_a_group_of_nobody_shows_nothing() -> None:
    assert samples(Usage(lambda: 2**31 - 1))["crypto_predict_process_memory_bytes"] == {}


def test_by_default_the_asking_process_answers_for_its_own_group() -> None:
    assert max(samples(Usage())["crypto_predict_process_memory_bytes"].values()) > 10_000_000


@pytest.mark.parametrize(("written", "limit"), [("268435456\n", 268435456.0), ("max\n", None), (None, None)])
def test_the_limit_is_the_containers_or_the_machines(
    tmp_path: Path, written: str | None, limit: float | None
) -> None:
    file = tmp_path / "memory.max"
    if written is not None:
        file.write_text(written)
    assert memory_limit(file) == (limit or psutil.virtual_memory().total)
