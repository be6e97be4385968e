"""The repository's monitoring: its files as they are, and its programs as a test runs them."""

from __future__ import annotations

import json
import os
import re
import shutil
import subprocess
import threading
import urllib.parse
import urllib.request
from collections.abc import Iterable, Iterator, Mapping
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import pytest
import yaml

from server.config import PROJECT_ROOT
from server.local import processes
from tests.production.exporter_role import make_role

RULES = PROJECT_ROOT / "docker" / "prometheus" / "rules"
RULE_TESTS = PROJECT_ROOT / "docker" / "prometheus" / "tests"
ALERTMANAGER = PROJECT_ROOT / "docker" / "alertmanager"
DASHBOARDS = PROJECT_ROOT / "grafana" / "dashboards"
RUNBOOKS = PROJECT_ROOT / "docs" / "runbooks"
PACKAGES = {
    "prometheus": "prometheus",
    "promtool": "prometheus",
    "prometheus-alertmanager": "prometheus-alertmanager",
    "amtool": "prometheus-alertmanager",
    "prometheus-node-exporter": "prometheus-node-exporter",
    "prometheus-postgres-exporter": "prometheus-postgres-exporter",
    "prometheus-redis-exporter": "prometheus-redis-exporter",
}
"""Debian's package of each program."""


def program(name: str) -> str:
    """The path of a program; the test is skipped where it is not installed."""
    found = shutil.which(name)
    if found is None:
        pytest.skip(f"{name} is not installed; Debian's package is {PACKAGES[name]}")
    return found


def rules(kind: str) -> list[dict[str, Any]]:
    """Every rule that has ``kind``: ``alert`` or ``record``."""
    groups = [group for file in sorted(RULES.glob("*.yml")) for group in _yaml(file)["groups"]]
    return [rule for group in groups for rule in group["rules"] if kind in rule]


def dashboards() -> dict[str, dict[str, Any]]:
    """Every dashboard by the name of its file."""
    return {file.name: json.loads(file.read_text()) for file in sorted(DASHBOARDS.glob("*.json"))}


def panels_of(dashboard: Mapping[str, Any]) -> list[dict[str, Any]]:
    """The panels of a dashboard that show something: without its rows."""
    return [panel for panel in dashboard["panels"] if panel["type"] != "row"]


def filled(expression: str) -> str:
    """An expression of a dashboard as Grafana sends it when everything is chosen."""
    return re.sub(r"\$\w+", ".*", expression)


def legend_labels(target: Mapping[str, Any]) -> list[str]:
    """The labels that the legend of a query names."""
    return re.findall(r"{{(\w+)}}", target.get("legendFormat", ""))


def _yaml(file: Path) -> Any:
    return yaml.safe_load(file.read_text())


@dataclass(slots=True)
class Webhook:
    """What Alertmanager sent, alert by alert."""

    url: str
    alerts: list[dict[str, Any]] = field(default_factory=list)

    def got(self, name: str, status: str) -> list[dict[str, Any]]:
        """The alerts of this name that were said to be ``firing`` or ``resolved``."""
        return [
            alert
            for alert in list(self.alerts)
            if (alert["labels"]["alertname"], alert["status"]) == (name, status)
        ]


@contextmanager
def webhook() -> Iterator[Webhook]:
    """A receiver of alerts."""

    class Receiver(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["Content-Length"]))
            received.alerts.extend(json.loads(body)["alerts"])
            self.send_response(200)
            self.end_headers()

        def log_message(self, format: str, *args: Any) -> None:
            """Nothing: pytest shows what was received where it matters."""

    with ThreadingHTTPServer(("127.0.0.1", 0), Receiver) as server:
        received = Webhook(f"http://127.0.0.1:{server.server_port}/")
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05})
        thread.start()
        try:
            yield received
        finally:
            server.shutdown()
            thread.join()


@dataclass(frozen=True, slots=True)
class Prometheus:
    """A running Prometheus."""

    url: str

    def ask(self, path: str, **parameters: str) -> Any:
        """The data of an answer. Raises ``urllib.error.HTTPError`` when the question is no good."""
        query = urllib.parse.urlencode({name.rstrip("_"): value for name, value in parameters.items()})
        with urllib.request.urlopen(f"{self.url}/api/v1/{path}?{query}", timeout=10) as answer:
            return json.load(answer)["data"]

    def query(self, expression: str) -> list[dict[str, Any]]:
        """The series that an expression has now."""
        found: list[dict[str, Any]] = self.ask("query", query=expression)["result"]
        return found

    def labels_of(self, metric: str) -> list[dict[str, str]]:
        """The labels of every series of a metric."""
        if metric == "ALERTS":
            return [
                {"alertname": "any", "alertstate": "firing"}
            ]  # Prometheus's own, while an alert is active
        found: list[dict[str, str]] = self.ask("series", **{"match[]": metric})
        return found


def quick_configuration(targets: Mapping[str, Iterable[str]], folder: Path) -> Path:
    """``prometheus.yml`` and its rules as they are, but for three things.

    The services are at ``targets`` instead of where the name service says, everything is done every
    second, and alerts wait no longer than two.
    """
    config = _yaml(PROJECT_ROOT / "prometheus.yml")
    config["global"] = {"scrape_interval": "1s", "scrape_timeout": "1s", "evaluation_interval": "1s"}
    for job in [*config["scrape_configs"], *config["alerting"]["alertmanagers"]]:
        if "dns_sd_configs" in job:
            job["static_configs"] = [
                {"targets": list(targets[name]), "labels": {"__meta_dns_name": name}}
                for found in job.pop("dns_sd_configs")
                for name in found["names"]
                if name in targets
            ]
        else:
            job["static_configs"] = [
                {**each, "targets": list(targets[each["labels"]["service"]])}
                for each in job["static_configs"]
            ]
    (folder / "rules").mkdir(parents=True)
    for file in RULES.glob("*.yml"):
        (folder / "rules" / file.name).write_text(re.sub(r"for: \w+", "for: 2s", file.read_text()))
    (folder / "prometheus.yml").write_text(yaml.safe_dump(config))
    return folder / "prometheus.yml"


def quick_alertmanager(folder: Path, receiver: Webhook) -> Path:
    """What ``start.sh`` makes where no secret is there, with ``receiver`` for everyone, at once."""
    made = start_alertmanager(folder, program="true")
    config = _yaml(made)
    for route in (config["route"], *config["route"]["routes"]):
        route |= {"group_wait": "0s", "group_interval": "1s"}
    for each in config["receivers"]:
        each["webhook_configs"] = [{"url": receiver.url, "send_resolved": True}]
    made.write_text(yaml.safe_dump(config))
    return made


def start_alertmanager(folder: Path, program: str, **environment: str) -> Path:
    """Run ``start.sh`` with ``program`` in Alertmanager's place; the configuration that it made."""
    folder.mkdir(parents=True, exist_ok=True)
    made = folder / "alertmanager.yml"
    subprocess.run(
        ["sh", ALERTMANAGER / "start.sh"],
        env={
            "PATH": os.environ["PATH"],
            "ALERTMANAGER": program,
            "ALERTMANAGER_SOURCE": str(ALERTMANAGER / "alertmanager.yml"),
            "ALERTMANAGER_CONFIG": str(made),
            "SECRETS_FOLDER": str(folder / "secrets"),
            **environment,
        },
        check=True,
        capture_output=True,
        text=True,
        timeout=10,
    )
    return made


@contextmanager
def running(command: list[str | Path], url: str, log: Path, **environment: str) -> Iterator[None]:
    """A program that answers at ``url``."""
    process = processes.spawn(command, log, environment={**os.environ, **environment}, folder=log.parent)
    try:
        processes.wait_until(lambda: _answers(url), process, log, 20)
        yield
    finally:
        processes.stop(process, patience=5)


def _answers(url: str) -> bool:
    try:
        with urllib.request.urlopen(url, timeout=1) as answer:
            return bool(answer.status == 200)
    except OSError:
        return False


@contextmanager
def exporters(database_url: str, redis_url: str, folder: Path) -> Iterator[dict[str, list[str]]]:
    """Debian's exporters of PostgreSQL, Redis and the machine; the address of each by its service."""
    ports = {name: processes.free_port() for name in ("postgres-exporter", "redis-exporter", "node-exporter")}
    at = {name: f"127.0.0.1:{port}" for name, port in ports.items()}
    commands: dict[str, tuple[list[str | Path], dict[str, str]]] = {
        "postgres-exporter": (
            [f"--web.listen-address={at['postgres-exporter']}"],
            make_role(database_url, "password-of-the-exporter", folder / "exporter"),
        ),
        "redis-exporter": (
            [f"--web.listen-address={at['redis-exporter']}", f"--redis.addr={redis_url}"],
            {},
        ),
        "node-exporter": ([f"--web.listen-address={at['node-exporter']}"], {}),
    }
    with ExitStack() as stack:
        for name, (arguments, environment) in commands.items():
            command = [program(f"prometheus-{name}"), *arguments]
            url, log = f"http://{at[name]}/metrics", folder / f"{name}.log"
            stack.enter_context(running(command, url, log, **environment))
        yield {name: [address] for name, address in at.items()}
