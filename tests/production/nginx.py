"""Real nginx with the product's configuration, unprivileged: ports, pid, logs and bodies of its own."""

from __future__ import annotations

import re
import shutil
import subprocess
from collections.abc import Iterable, Mapping
from pathlib import Path

import pytest

from server.config import PROJECT_ROOT
from server.local.services import Service

CONFIGURATION = PROJECT_ROOT / "docker" / "nginx"
# What the environment of the container says, where a test says nothing else.
VARIABLES = {
    "NGINX_RESOLVER": "127.0.0.1",
    "NGINX_SITE": "plain",
    "NGINX_PORT": "8080",
    "NGINX_TLS_PORT": "8443",
    "NGINX_HTTPS_PORT": "8443",
    "NGINX_TLS_CERTIFICATE": "/run/secrets/tls_certificate",
    "NGINX_TLS_KEY": "/run/secrets/tls_key",
    "NGINX_SOCKETS_PER_ADDRESS": "1000",
    "MAX_BODY_BYTES": "67108864",
}

needs_nginx = pytest.mark.skipif(
    shutil.which("nginx") is None, reason="nginx is not installed: apt-get install nginx"
)


def servers(ports: Iterable[int]) -> str:
    """``NGINX_WEB_SERVERS`` for processes of this machine: listed, as there is no DNS that knows them."""
    return " ".join(f"server 127.0.0.1:{port} max_fails=1 fail_timeout=1s;" for port in ports)


def write_configuration(folder: Path, web_ports: Iterable[int], port: int, **variables: str) -> None:
    """Make ``folder`` what ``/etc/nginx`` is in the container, listening on ``127.0.0.1:port``.

    As the image's entry point does, templates lose their ending and their variables; unlike there, the
    pid and the temporary files lie in ``folder`` and not under ``/tmp``.
    """
    values = {
        **VARIABLES,
        "NGINX_WEB_SERVERS": servers(web_ports),
        "NGINX_PORT": f"127.0.0.1:{port}",
        **variables,
    }
    folder.mkdir(parents=True, exist_ok=True)
    frame = (CONFIGURATION / "nginx.conf").read_text()
    (folder / "nginx.conf").write_text(frame.replace("/tmp/", f"{folder}/"))
    for template in sorted((CONFIGURATION / "templates").rglob("*.template")):
        target = folder / "conf.d" / template.relative_to(CONFIGURATION / "templates").with_suffix("")
        target.parent.mkdir(parents=True, exist_ok=True)
        target.write_text(substituted(template.read_text(), values))


def substituted(template: str, values: Mapping[str, str]) -> str:
    """``template`` with ``${NAME}`` replaced where ``NAME`` is known, as ``envsubst`` does it there."""
    return re.sub(r"\$\{(\w+)\}", lambda found: values.get(found[1], found[0]), template)


def nginx_service(folder: Path) -> Service:
    """Nginx with the configuration in ``folder``, in the foreground, its log in that of the service."""
    return Service("nginx", (*_command(folder), "-g", "daemon off; user root;"))


def verdict(folder: Path) -> subprocess.CompletedProcess[str]:
    """What ``nginx -t`` says about the configuration in ``folder``."""
    return subprocess.run([*_command(folder), "-t"], capture_output=True, text=True, timeout=30)


def _command(folder: Path) -> tuple[str, ...]:
    return (
        shutil.which("nginx") or "nginx",
        "-p",
        f"{folder}/",
        "-c",
        f"{folder}/nginx.conf",
        "-e",
        "/dev/stderr",
    )
