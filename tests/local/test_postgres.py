"""The embedded PostgreSQL starts where people put it and keeps what it was given."""

from __future__ import annotations

import os
import signal
import sys
from collections.abc import Callable, Iterator
from contextlib import closing
from pathlib import Path

import psutil
import psycopg2
import pytest

from server.local import processes
from server.local.postgres import EmbeddedPostgres

MakeServer = Callable[[Path], EmbeddedPostgres]


@pytest.fixture
def make_server() -> Iterator[MakeServer]:
    """Makes servers that are stopped at the end, whatever happened to the test."""
    made: list[EmbeddedPostgres] = []

    def make(folder: Path) -> EmbeddedPostgres:
        made.append(EmbeddedPostgres(folder / "postgres", folder / "postgres.log", {"fsync": "off"}))
        return made[-1]

    yield make
    for server in made:
        server.stop()


def query(server: EmbeddedPostgres, statement: str) -> list[tuple[object, ...]]:
    with closing(psycopg2.connect(server.url.replace("+psycopg2", ""))) as connection:
        connection.autocommit = True
        cursor = connection.cursor()
        cursor.execute(statement)
        return cursor.fetchall() if cursor.description else []


def test_it_starts_in_a_folder_too_deep_for_a_unix_socket(tmp_path: Path, make_server: MakeServer) -> None:
    deep = tmp_path / "/".join(["a folder with blanks"] * 6)
    assert len(str(deep)) > 107
    server = make_server(deep)
    server.start()
    assert query(server, "SELECT current_setting('server_encoding')") == [("UTF8",)]


@pytest.mark.skipif(os.geteuid() != 0, reason="only root gives up its identity")
def test_its_programs_may_read_and_run_what_lies_below_a_private_folder(tmp_path: Path) -> None:
    # initdb asks with access(), which looks away from what a program may do beyond its account.
    tmp_path.chmod(0o700)
    program = tmp_path / "program"
    program.touch(mode=0o700)
    question = f"import os, sys; sys.exit(not os.access({str(program)!r}, os.R_OK | os.X_OK))"
    asked = processes.spawn(
        [sys.executable, "-I", "-S", "-c", question], tmp_path / "asked.log", account="nobody"
    )
    assert asked.wait(30) == 0, processes.tail(tmp_path / "asked.log")


def test_a_second_start_keeps_the_data(tmp_path: Path, make_server: MakeServer) -> None:
    first = make_server(tmp_path)
    first.start()
    query(first, "CREATE TABLE kept AS SELECT 7 AS number")
    first.stop()
    second = make_server(tmp_path)
    second.start()
    assert query(second, "SELECT number FROM kept") == [(7,)]


def test_it_listens_on_loopback_only_and_asks_for_the_password(
    tmp_path: Path, make_server: MakeServer
) -> None:
    server = make_server(tmp_path)
    server.start()
    listening = {
        connection.laddr.ip
        for connection in psutil.Process(server.process().pid).net_connections()
        if connection.status == psutil.CONN_LISTEN
    }
    assert listening == {"127.0.0.1"}
    with pytest.raises(psycopg2.OperationalError, match="password"):
        psycopg2.connect(host="127.0.0.1", port=server.port, user="crypto_predict", password="a guess")
    assert (tmp_path / "postgres.password").stat().st_mode & 0o077 == 0


def test_a_killed_server_and_its_lock_file_do_not_stand_in_the_way(
    tmp_path: Path, make_server: MakeServer
) -> None:
    killed = make_server(tmp_path)
    killed.start()
    query(killed, "CREATE TABLE kept AS SELECT 7 AS number")
    os.kill(killed.process().pid, signal.SIGKILL)
    killed.process().wait()
    lock_file = tmp_path / "postgres" / "postmaster.pid"
    # A process id used again by something else, here this test, must not pass for the server.
    lock_file.write_text("\n".join([str(os.getpid()), *lock_file.read_text().splitlines()[1:]]))
    next_one = make_server(tmp_path)
    next_one.start()
    assert query(next_one, "SELECT number FROM kept") == [(7,)]


def test_a_server_left_running_is_replaced(tmp_path: Path, make_server: MakeServer) -> None:
    left = make_server(tmp_path)
    left.start()
    old = psutil.Process(left.process().pid)
    next_one = make_server(tmp_path)
    next_one.start()
    left.process().wait(10)
    assert not old.is_running()
    assert query(next_one, "SELECT 1") == [(1,)]


def test_a_start_that_was_cut_off_begins_again(tmp_path: Path, make_server: MakeServer) -> None:
    (tmp_path / "postgres" / "base").mkdir(parents=True)
    server = make_server(tmp_path)
    server.start()
    assert query(server, "SELECT 1") == [(1,)]
