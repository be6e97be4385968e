"""What the processes of a service use: the whole process group, under names that stay few."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import psutil
import pytest

from server.observability.usage import Usage, memory_limit, memory_used

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
# A leader that holds 40 MB and two children that came of it with them.
FORKED = """
import os, signal
signal.signal(signal.SIGCHLD, signal.SIG_IGN)
held = bytearray(b'x' * 40_000_000)
reading, writing = os.pipe()
for _ in range(2):
    if os.fork() == 0:
        os.close(writing)
        os.read(reading, 1)  # until the leader has ended
        os._exit(0)
os.close(reading)
print("ready", flush=True)
input()
"""
NOWHERE = Path("/nowhere")
# Of memory.stat of a container, the lines that matter and one that does not.
STAT = "anon 700\ninactive_file 300\nactive_file 50\n"


@contextmanager
def running(program: str) -> Iterator[int]:
    """The process group of a program that says when it is ready and ends with its input."""
    with subprocess.Popen(
        [sys.executable, "-c", program], stdin=subprocess.PIPE, stdout=subprocess.PIPE, start_new_session=True
    ) as leader:
        assert leader.stdout is not None
        assert leader.stdin is not None
        assert leader.stdout.readline() == b"ready\n"
        yield leader.pid
        leader.stdin.close()


@pytest.fixture
def group() -> Iterator[int]:
    """A process group of three, by its id."""
    with running(GROUP) as leader:
        yield leader


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


def test_what_processes_share_is_counted_once() -> None:
    with running(FORKED) as group:
        found = samples(Usage(lambda: group, NOWHERE))
    shares = found["crypto_predict_process_memory_bytes"]
    assert set(shares) == {"main", "child-0", "child-1"}
    assert 40_000_000 < sum(shares.values()) < 80_000_000
    assert found["crypto_predict_memory_used_bytes"][""] == sum(shares.values())


def test_in_a_container_what_counts_is_what_its_kernel_counts(tmp_path: Path) -> None:
    (tmp_path / "memory.current").write_text("1000\n")
    (tmp_path / "memory.stat").write_text(STAT)
    assert memory_used([40.0, 2.0], tmp_path) == 700
    assert memory_used([40.0, 2.0], NOWHERE) == 42


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
    if written is not None:
        (tmp_path / "memory.max").write_text(written)
    assert memory_limit(tmp_path) == (limit or psutil.virtual_memory().total)
