"""The Compose file: valid, complete, closed where it must be, and of the processes that `make run` starts."""

from __future__ import annotations

import importlib.util
import re
import subprocess
import sys
from dataclasses import fields
from pathlib import Path
from typing import Any

import pytest
import yaml

from server.config import PROJECT_ROOT, Settings
from server.local.services import services_of
from tests.production import compose

SCHEMA_CHECK = (
    str(Path(sys.executable).with_name("check-jsonschema")),
    "--builtin-schema",
    "vendor.compose-spec",
)
SERVICES = compose.document()["services"]
# As after `make secrets`.
PROJECT = compose.project({"SECRETS_FOLDER": "./secrets"})
PRODUCT = {name for name, service in SERVICES.items() if "build" in service}
LOCAL_NAMES = {
    "web": "web",
    "trainer": "worker-training",
    "predictor": "worker-prediction",
    "market": "worker-market",
    "worker": "worker-default",
    "beat": "beat",
    "stream": "stream",
}
# They do their work and end: their exit code is the answer, and there is nobody to ask.
ENDING = {"migrate", "flask", "monitor-role"}
# Beyond the network on which nothing comes or goes: what has a port, and what must reach other machines.
OTHER_NETWORKS = {
    "nginx": {"outside"},
    "prometheus": {"outside"},
    "grafana": {"outside"},
    "worker-market": {"exchanges"},
    "stream": {"exchanges"},
    "flask": {"exchanges"},
    "alertmanager": {"receivers"},
}
SETTINGS = {spec.name.upper() for spec in fields(Settings)}
OF_SOME_PROCESSES = {
    "ASYNC_MODE",  # web has sockets and migrate has not; a worker is always on threads
    "PORT",  # web
    "WORKER_METRICS_PORT",  # the others
    "MODEL_CACHE_DIR",  # for a store that is not a disk; this one is
    "MARKET_BACKFILL_ON_START",  # `make run` alone
}
KNOWN_TO_IMAGES = {
    "nginx": r"NGINX_\w+|MAX_BODY_BYTES",  # what docker/nginx/templates name, and the image's filter for them
    "postgres": r"POSTGRES_(USER|DB|PASSWORD_FILE|INITDB_ARGS)",
    "monitor-role": r"PG(HOST|USER|DATABASE)",
    "grafana": r"GF_(SECURITY|USERS|ANALYTICS|PLUGINS|NEWS|LOG)_[A-Z_]+",
    "postgres-exporter": r"DATA_SOURCE_(URI|USER|PASS_FILE)",
    "redis-exporter": r"REDIS_(ADDR|PASSWORD_FILE)",
    "alertmanager": r"SMTP_SMARTHOST|SMTP_USERNAME|ALERT_EMAIL_(FROM|TO)",  # what its start.sh reads
}


def test_the_files_follow_the_compose_specification() -> None:
    checked = subprocess.run([*SCHEMA_CHECK, *compose.FILES], capture_output=True, text=True, check=False)
    assert checked.returncode == 0, checked.stdout + checked.stderr


def test_a_fresh_checkout_is_told_what_to_do() -> None:
    with pytest.raises(compose.VariableMissing, match="make secrets"):
        compose.project(compose.dotenv(compose.EXAMPLE.read_text()))


def test_every_variable_is_explained_and_every_explained_one_is_used() -> None:
    used, shown = set(compose.variables()), set(compose.example())
    assert not used - shown
    passed_on = {name for service in SERVICES.values() for name in service.get("environment", {})}
    assert not {name.removesuffix("_FILE") for name in shown - used - passed_on} - SETTINGS


@pytest.mark.parametrize(("name", "defaults"), sorted(compose.variables().items()))
def test_the_example_shows_the_default(name: str, defaults: set[str | None]) -> None:
    assert len(defaults - {None}) <= 1, f"{name} has several defaults"
    assert defaults == {None} or defaults - {None} == {compose.example()[name]}


def test_defaults_are_those_of_the_product() -> None:
    product = {spec.name.upper(): str(spec.default) for spec in fields(Settings)}
    doubled = {name: defaults for name, defaults in compose.variables().items() if name in product}
    # Behind nginx, as here, one proxy is to be trusted.
    assert doubled.pop("PROXY_HOPS") == {"1"}
    assert doubled == {name: {product[name]} for name in doubled}


@pytest.mark.parametrize("name", sorted(PRODUCT))
def test_a_process_of_the_product_is_told_real_settings_and_may_be_told_all(name: str) -> None:
    told = {each.removesuffix("_FILE") for each in SERVICES[name]["environment"]}
    assert told <= SETTINGS
    forgotten = SETTINGS - told - OF_SOME_PROCESSES
    assert not forgotten, "name them in x-settings of docker-compose.yml, without a value"
    assert name == "web" or "PORT" not in told


@pytest.mark.parametrize("name", sorted(set(SERVICES) - PRODUCT))
def test_an_image_is_told_what_it_knows(name: str) -> None:
    known = KNOWN_TO_IMAGES.get(name, "")
    assert not [each for each in SERVICES[name].get("environment", {}) if not re.fullmatch(known, each)]


def test_nginx_is_told_all_that_its_templates_need() -> None:
    templates = (PROJECT_ROOT / "docker" / "nginx" / "templates").rglob("*.template")
    needed = {name for path in templates for name in re.findall(r"\$\{(\w+)\}", path.read_text())}
    assert needed <= set(SERVICES["nginx"]["environment"])


@pytest.mark.parametrize("name", sorted(set(SERVICES) - ENDING))
def test_every_service_is_watched_and_comes_back(name: str) -> None:
    service = SERVICES[name]
    assert service["restart"] == "unless-stopped"
    check = service["healthcheck"]
    assert check["test"][0] in ("CMD", "CMD-SHELL")
    assert compose.duration(check["timeout"]) <= compose.duration(check["interval"])


@pytest.mark.parametrize("name", sorted(SERVICES))
def test_every_service_is_confined(name: str) -> None:
    service = PROJECT["services"][name]
    limits = service["deploy"]["resources"]["limits"]
    assert float(limits["cpus"]) > 0
    assert re.fullmatch(r"\d+[mg]", limits["memory"])
    assert limits["pids"] > 0
    assert service["read_only"] is True
    assert service["init"] is True
    assert service["cap_drop"] == ["ALL"]
    assert service["security_opt"] == ["no-new-privileges:true"]
    assert service["logging"]["options"] == {"max-size": "10m", "max-file": "5"}
    assert not {"cap_add", "privileged", "container_name", "network_mode"} & set(service)
    # The product's own images end with a user of their own.
    assert name in PRODUCT or re.fullmatch(r"[1-9]\d*:\d+", service["user"])


def test_only_nginx_listens_beyond_this_machine() -> None:
    published = {
        name: service["ports"] for name, service in PROJECT["services"].items() if "ports" in service
    }
    assert published == {
        "nginx": ["8080:8080"],
        "grafana": ["127.0.0.1:3000:3000"],
        "prometheus": ["127.0.0.1:9090:9090"],
    }


def test_only_what_must_leaves_the_inside_network() -> None:
    inside = compose.document()["networks"]["inside"]
    assert inside == {"internal": True}
    beyond = {name: set(service["networks"]) - {"inside"} for name, service in SERVICES.items()}
    assert {name: networks for name, networks in beyond.items() if networks} == OTHER_NETWORKS
    assert all("inside" in service["networks"] for service in SERVICES.values())


def test_only_who_asks_for_traces_lets_the_product_reach_a_collector() -> None:
    traced = compose.document(compose.TRACES_FILE)
    assert traced["services"] == {name: {"networks": ["traces"]} for name in PRODUCT - {"migrate"}}
    # A network that the deployment itself has made, and of the name that it says.
    assert traced["networks"]["traces"]["external"] is True
    with pytest.raises(compose.VariableMissing, match="collector"):
        compose.project({"SECRETS_FOLDER": "./secrets"}, compose.TRACES_FILE)
    assert "traces" not in PROJECT["networks"]


@pytest.mark.parametrize(
    "service", services_of(Settings(), Path("/var/lib/crypto-predict/beat")), ids=lambda s: s.name
)
def test_the_processes_are_those_of_the_local_stack(service: Any) -> None:
    """The same queues, pools and numbers: what is tried on one machine is what runs in production."""
    assert PROJECT["services"][LOCAL_NAMES[service.name]]["command"] == ["python", *service.command[1:]]


def test_no_process_of_the_local_stack_is_left_out() -> None:
    started = {service.name for service in services_of(Settings(), Path("/"))}
    assert started == set(LOCAL_NAMES)
    assert set(LOCAL_NAMES.values()) | ENDING & PRODUCT == PRODUCT


@pytest.mark.parametrize("name", sorted(name for name in SERVICES if name.startswith("worker-")))
def test_a_workers_check_asks_for_the_name_that_it_has(name: str) -> None:
    command, check = SERVICES[name]["command"], SERVICES[name]["healthcheck"]["test"]
    assert command[command.index("-n") + 1] == f"{check[-1]}@%h"
    assert check[:-1] == ["CMD", "python", "docker/healthcheck.py", "worker"]


@pytest.mark.parametrize("name", sorted(PRODUCT))
def test_commands_name_modules_that_exist(name: str) -> None:
    service = SERVICES[name]
    words = [str(word) for word in [*service.get("entrypoint", []), *service.get("command", [])]]
    assert words[:2] == ["python", "-m"]
    assert importlib.util.find_spec(words[2]) is not None


def test_nothing_of_the_product_starts_before_its_database_is_migrated() -> None:
    for name in PRODUCT - {"migrate"}:
        waits_for = {each: how["condition"] for each, how in SERVICES[name]["depends_on"].items()}
        assert waits_for["migrate"] == "service_completed_successfully"
        assert waits_for["postgres"] == waits_for["valkey"] == "service_healthy"
    assert SERVICES["nginx"]["depends_on"] == {"web": {"condition": "service_healthy"}}


def test_what_is_waited_for_can_say_that_it_is_healthy() -> None:
    for service in SERVICES.values():
        for name, how in service.get("depends_on", {}).items():
            ends = how["condition"] == "service_completed_successfully"
            assert ends == (SERVICES[name]["healthcheck"] == {"disable": True})


def test_a_training_has_time_to_keep_what_it_has() -> None:
    assert compose.duration(SERVICES["worker-training"]["stop_grace_period"]) >= 60
    assert compose.duration(SERVICES["postgres"]["stop_grace_period"]) >= 60


def test_what_is_mounted_exists() -> None:
    volumes = PROJECT["volumes"]
    for name, service in PROJECT["services"].items():
        for mount in service.get("volumes", []):
            source = mount.split(":")[0]
            if source.startswith("./"):
                assert (PROJECT_ROOT / source).exists(), f"{name}: {source}"
                assert mount.endswith(":ro")
            elif source != "/":  # the machine's disks, for node-exporter
                assert source in volumes


def test_images_are_pinned_and_name_no_host() -> None:
    for name, service in PROJECT["services"].items():
        assert re.fullmatch(r"([a-z0-9_-]+/)?[a-z0-9_-]+:[\w.-]+", service["image"]), name
        assert not service["image"].endswith(":latest")


def test_what_is_scraped_is_a_service_on_the_inside_network() -> None:
    configuration = yaml.safe_load((PROJECT_ROOT / "prometheus.yml").read_text())
    jobs = [*configuration["scrape_configs"], *configuration["alerting"]["alertmanagers"]]
    asked = {name for job in jobs for found in job.get("dns_sd_configs", []) for name in found["names"]}
    assert asked <= set(SERVICES)
    assert asked >= PRODUCT - ENDING
