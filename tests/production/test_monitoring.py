"""Prometheus, Alertmanager and Grafana: their files, by their own tools and by what they must agree on."""

from __future__ import annotations

import json
import re
import subprocess
import urllib.request
from collections.abc import Mapping
from itertools import combinations
from pathlib import Path
from typing import Any

import pytest
import yaml

from docs.dashboards.files import texts
from server.config import PROJECT_ROOT
from server.local import processes
from tests.applications import application
from tests.production import monitoring

ALERTS = monitoring.rules("alert")
NAMES = sorted({rule["alert"] for rule in ALERTS})
DASHBOARDS = monitoring.dashboards()
GRAFANA = PROJECT_ROOT / "grafana"
SERVICES: dict[str, Any] = yaml.safe_load((PROJECT_ROOT / "docker-compose.yml").read_text())["services"]


def checked(
    *command: str | Path, folder: Path = PROJECT_ROOT, environment: Mapping[str, str] | None = None
) -> str:
    """What a program prints that finds nothing wrong."""
    done = subprocess.run(
        [monitoring.program(str(command[0])), *command[1:]],
        cwd=folder,
        env=environment,
        capture_output=True,
        text=True,
        timeout=60,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


def kebab(name: str) -> str:
    return re.sub(r"(?<=[a-z])(?=[A-Z])", "-", name).lower()


def test_prometheus_takes_its_configuration_and_its_rules(tmp_path: Path) -> None:
    # Laid out as in the container.
    (tmp_path / "prometheus.yml").write_text((PROJECT_ROOT / "prometheus.yml").read_text())
    (tmp_path / "rules").symlink_to(monitoring.RULES)
    said = checked("promtool", "check", "config", "prometheus.yml", folder=tmp_path)
    assert "2 rule files found" in said
    checked("promtool", "check", "rules", *monitoring.RULES.glob("*.yml"))


@pytest.mark.parametrize("rule", ALERTS, ids=lambda rule: f"{rule['alert']}-{rule['labels']['severity']}")
def test_an_alert_says_how_bad_it_is_what_is_wrong_and_where_help_is(rule: dict[str, Any]) -> None:
    assert rule["labels"]["severity"] in ("critical", "warning")
    assert set(rule["annotations"]) == {"summary", "description", "runbook"}
    assert rule["annotations"]["runbook"] == f"docs/runbooks/{kebab(rule['alert'])}.md"


def test_every_alert_has_a_runbook_and_every_runbook_an_alert() -> None:
    assert {file.name for file in monitoring.RUNBOOKS.iterdir()} == {f"{kebab(name)}.md" for name in NAMES}


@pytest.mark.parametrize("name", NAMES)
def test_a_runbook_says_what_it_means_how_to_look_what_to_do_and_when_to_leave_it(name: str) -> None:
    text = (monitoring.RUNBOOKS / f"{kebab(name)}.md").read_text()
    assert text.startswith(f"# {name}\n")
    headings = re.findall(r"^## (.+)$", text, re.MULTILINE)
    assert headings == ["What it means", "How to look", "What to do", "When to leave it"]


def test_the_runbooks_speak_of_services_and_commands_that_there_are() -> None:
    with application() as app:
        commands = app.cli.commands
    for file in monitoring.RUNBOOKS.iterdir():
        # A command inside a sentence may be broken into two lines.
        text = re.sub(r"\n  (?=\S)", " ", file.read_text())
        for command in re.findall(r"docker compose ([^`\n]+)", text):
            named = {word.partition("=")[0] for word in command.split()} & set(SERVICES)
            assert named or command == "ps -a", (file.name, command)
        for words in re.findall(r"\bflask ((?:[a-z]+ ?)+)", text):
            first, *others = words.split()
            known = getattr(commands[first], "commands", None)
            assert known is None or others[0] in known, (file.name, words)


def test_the_runbooks_lead_to_pages_that_there_are() -> None:
    for file in monitoring.RUNBOOKS.iterdir():
        for page in re.findall(r"\]\(([^)]+)\)", file.read_text()):
            assert (monitoring.RUNBOOKS / page).is_file(), (file.name, page)


def test_alertmanager_takes_its_configuration() -> None:
    checked("amtool", "check-config", monitoring.ALERTMANAGER / "alertmanager.yml")


@pytest.mark.parametrize(
    "secrets", [(), ("slack_webhook_url",), ("smtp_password",), ("slack_webhook_url", "smtp_password")]
)
def test_only_receivers_with_a_secret_are_set_up(tmp_path: Path, secrets: tuple[str, ...]) -> None:
    (tmp_path / "secrets").mkdir()
    for name in ("slack_webhook_url", "smtp_password"):
        # Compose mounts an empty file for what a deployment has not got.
        (tmp_path / "secrets" / name).write_text("a secret" if name in secrets else "")
    mail = {
        "SMTP_SMARTHOST": "mail:25",
        "SMTP_USERNAME": "us&r",
        "ALERT_EMAIL_FROM": "a@b",
        "ALERT_EMAIL_TO": "c@d",
    }
    made = monitoring.start_alertmanager(tmp_path, "true", **mail)
    checked("amtool", "check-config", made)
    receivers = {each.pop("name"): each for each in yaml.safe_load(made.read_text())["receivers"]}
    assert set(receivers) == {"team", "on-call"}
    assert ("slack_configs" in receivers["team"]) == ("slack_webhook_url" in secrets)
    assert ("slack_configs" in receivers["on-call"]) == ("slack_webhook_url" in secrets)
    assert ("email_configs" in receivers["on-call"]) == ("smtp_password" in secrets)
    if "smtp_password" in secrets:
        (email,) = receivers["on-call"]["email_configs"]
        shown = (email["smarthost"], email["auth_username"], email["from"], email["to"])
        assert shown == ("mail:25", "us&r", "a@b", "c@d")
        assert email["auth_password_file"] == str(tmp_path / "secrets" / "smtp_password")
    assert "a secret" not in made.read_text()


def test_a_password_for_e_mail_without_an_address_is_refused_in_words(tmp_path: Path) -> None:
    (tmp_path / "secrets").mkdir()
    (tmp_path / "secrets" / "smtp_password").write_text("a secret")
    with pytest.raises(subprocess.CalledProcessError) as refused:
        monitoring.start_alertmanager(tmp_path, "true", SMTP_SMARTHOST="mail:25")
    assert "SMTP_USERNAME is not set" in refused.value.stderr


@pytest.mark.parametrize(("severity", "receiver"), [("critical", "on-call"), ("warning", "team")])
def test_who_is_told_follows_from_how_bad_it_is(severity: str, receiver: str) -> None:
    config = f"--config.file={monitoring.ALERTMANAGER / 'alertmanager.yml'}"
    assert checked("amtool", "config", "routes", "test", config, f"severity={severity}").strip() == receiver


def in_order(alerts: list[dict[str, str]]) -> list[list[tuple[str, str]]]:
    return sorted(sorted(labels.items()) for labels in alerts)


def test_what_follows_from_something_worse_is_not_told(tmp_path: Path) -> None:
    port = processes.free_port()
    url = f"http://127.0.0.1:{port}"
    made = monitoring.start_alertmanager(tmp_path, "true")
    command = [
        monitoring.program("prometheus-alertmanager"),
        f"--config.file={made}",
        "--cluster.listen-address=",
    ]
    command += [f"--web.listen-address=127.0.0.1:{port}", f"--storage.path={tmp_path / 'data'}"]
    at = {"instance": "a:9101", "service": "worker-training"}
    disk = {"alertname": "DiskSpaceLow", "instance": "n:9100", "mountpoint": "/data"}
    causes = [
        {"alertname": "InstanceDown", "severity": "critical", **at},
        {**disk, "severity": "critical"},
        {"alertname": "NoLiveWorker", "severity": "critical", "queue": "market"},
    ]
    silenced = [
        {"alertname": "WorkerMemoryHigh", "severity": "warning", **at},
        {**disk, "severity": "warning"},
        {"alertname": "QueueGrowing", "severity": "warning", "queue": "market"},
    ]
    news = [
        {"alertname": "WorkerMemoryHigh", "severity": "warning", **at, "instance": "b:9101"},
        {**disk, "severity": "warning", "mountpoint": "/other"},
        {"alertname": "QueueGrowing", "severity": "warning", "queue": "default"},
        {"alertname": "ModelDrifting", "severity": "warning", "ticker": "BTC-USD"},
    ]
    with monitoring.running(command, f"{url}/-/ready", tmp_path / "alertmanager.log"):
        body = json.dumps([{"labels": labels} for labels in [*causes, *silenced, *news]]).encode()
        headers = {"Content-Type": "application/json"}
        urllib.request.urlopen(
            urllib.request.Request(f"{url}/api/v2/alerts", body, headers), timeout=10
        ).close()
        with urllib.request.urlopen(f"{url}/api/v2/alerts?inhibited=true", timeout=10) as answer:
            found = json.load(answer)
    told = [alert["labels"] for alert in found if not alert["status"]["inhibitedBy"]]
    held = [alert["labels"] for alert in found if alert["status"]["inhibitedBy"]]
    assert in_order(told) == in_order([*causes, *news])
    assert in_order(held) == in_order(silenced)


def test_the_dashboards_are_those_that_their_source_makes() -> None:
    made = texts()
    found = {file.name: file.read_text() for file in monitoring.DASHBOARDS.iterdir()}
    assert found == made, "grafana/dashboards is old: run `python -m docs.dashboards`"


def test_dashboards_have_names_and_places_of_their_own() -> None:
    for name in ("uid", "title"):
        assert len({each[name] for each in DASHBOARDS.values()}) == len(DASHBOARDS)


@pytest.mark.parametrize("dashboard", DASHBOARDS.values(), ids=DASHBOARDS.keys())
def test_grafana_can_take_a_dashboard_as_it_is(dashboard: dict[str, Any]) -> None:
    assert dashboard["id"] is None
    assert re.fullmatch(r"[a-z-]{1,40}", dashboard["uid"])
    assert isinstance(dashboard["schemaVersion"], int)
    assert dashboard["links"][0]["tags"] == ["crypto-predict"]
    assert "crypto-predict" in dashboard["tags"]
    variables = {each["name"] for each in dashboard["templating"]["list"]}
    assert set(re.findall(r"\$\{?([a-z_]+)", json.dumps(dashboard["panels"]))) <= variables


@pytest.mark.parametrize("dashboard", DASHBOARDS.values(), ids=DASHBOARDS.keys())
def test_every_panel_says_what_it_shows_and_in_which_unit(dashboard: dict[str, Any]) -> None:
    numbers = [panel["id"] for panel in dashboard["panels"]]
    assert len(set(numbers)) == len(numbers)
    for panel in monitoring.panels_of(dashboard):
        assert panel["title"], panel["id"]
        assert panel["description"], panel["title"]
        assert panel["fieldConfig"]["defaults"]["unit"], panel["title"]
        assert panel["targets"], panel["title"]
        assert len({target["refId"] for target in panel["targets"]}) == len(panel["targets"])
        for target in panel["targets"]:
            assert target["expr"], panel["title"]
            assert target["datasource"]["uid"] == "${datasource}"
            assert panel["type"] != "timeseries" or target["legendFormat"], panel["title"]


@pytest.mark.parametrize("dashboard", DASHBOARDS.values(), ids=DASHBOARDS.keys())
def test_no_panel_lies_on_another(dashboard: dict[str, Any]) -> None:
    for panel in dashboard["panels"]:
        place = panel["gridPos"]
        assert 0 <= place["x"] < place["x"] + place["w"] <= 24
    for one, other in combinations(dashboard["panels"], 2):
        a, b = one["gridPos"], other["gridPos"]
        apart = (
            a["x"] + a["w"] <= b["x"]
            or b["x"] + b["w"] <= a["x"]
            or a["y"] + a["h"] <= b["y"]
            or b["y"] + b["h"] <= a["y"]
        )
        assert apart, (one["title"], other["title"])


def test_grafana_is_given_the_data_and_the_dashboards() -> None:
    sources = yaml.safe_load((GRAFANA / "provisioning/datasources/prometheus.yml").read_text())["datasources"]
    assert {each["uid"]: each["url"] for each in sources} == {
        "prometheus": "http://prometheus:9090",
        "alertmanager": "http://alertmanager:9093",
    }
    provisioned = yaml.safe_load((GRAFANA / "provisioning/dashboards/crypto-predict.yml").read_text())
    (provider,) = provisioned["providers"]
    assert f"./grafana/dashboards:{provider['options']['path']}:ro" in SERVICES["grafana"]["volumes"]


def test_prometheus_looks_for_every_service_that_has_metrics() -> None:
    config = yaml.safe_load((PROJECT_ROOT / "prometheus.yml").read_text())
    asked = {
        name
        for job in [*config["scrape_configs"], *config["alerting"]["alertmanagers"]]
        for found in job.get("dns_sd_configs", [])
        for name in found["names"]
    }
    without = {"nginx", "migrate", "flask", "postgres", "monitor-role", "valkey", "prometheus", "grafana"}
    assert asked == set(SERVICES) - without
    (missing,) = [rule["expr"] for rule in ALERTS if rule["alert"] == "ServiceMissing"]
    assert set(re.findall(r'service="([\w-]+)"', missing)) == asked
