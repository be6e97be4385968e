"""Real monitoring of the real stack, nginx and two web processes with it: every target up, every expression
answered, an alert delivered.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
import socketio
from redis import Redis

from server.local import processes
from server.local.postgres import EmbeddedPostgres
from tests.exchange.running import RunningExchange, running_exchange
from tests.prediction.test_whole_stack import CANDLES, INTERVAL, TICKER, TRAINING, store, train
from tests.production import monitoring
from tests.production.cluster import Cluster, behind_nginx
from tests.production.monitoring import Prometheus, Webhook
from tests.production.nginx import needs_nginx
from tests.production.promql import Matcher, Selector, grouping_labels, selectors
from tests.stack import Stack, running_stack

pytestmark = [pytest.mark.xdist_group("live"), pytest.mark.timeout(240), needs_nginx]

SERVICES = {
    "worker-training": "trainer",
    "worker-prediction": "predictor",
    "worker-market": "market",
    "worker-default": "worker",
    "beat": "beat",
    "stream": "stream",
}
"""The local stack's name of each service of the production stack."""
BESIDE = ("web", "postgres-exporter", "redis-exporter", "node-exporter", "prometheus", "alertmanager")
EXPECTED = {**dict.fromkeys([*SERVICES, *BESIDE], 1), "web": 2}
BITCOIN = {"ticker": "BTC-USD", "interval": "1h"}
# Values that only a fault brings; their labels are there with other values.
OF_FAULTS = {Matcher("error_code", "=", "client_too_slow")}
# The labels that Prometheus puts on whatever it scrapes, and on its own alerts.
GIVEN = {"job", "service", "instance", "alertname", "alertstate"}


@dataclass(frozen=True, slots=True)
class Watched:
    """The product, what watches it, and who is told."""

    stack: Stack
    cluster: Cluster
    prometheus: Prometheus
    webhook: Webhook


@pytest.fixture(scope="module")
def watched(servers_folder: Path, postgres: EmbeddedPostgres) -> Iterator[Watched]:
    """The product after a training, forecasts and live candles; Prometheus and Alertmanager beside it."""
    folder = servers_folder / "watched"
    with ExitStack() as running:
        for program in monitoring.PACKAGES:
            monitoring.program(program)
        exchange = running.enter_context(running_exchange("--sample", "--speed", "3600"))
        stack = running.enter_context(
            running_stack(folder, postgres, "watched", scraped=True, **asking(exchange))
        )
        cluster = behind_nginx(stack)
        use(stack)
        webhook = running.enter_context(monitoring.webhook())
        prometheus = running.enter_context(watching(stack, cluster, folder, webhook))
        # Rates are of what is seen to rise.
        wait_for(
            lambda: targets_of(prometheus) == EXPECTED, 20, f"the targets beside {targets_of(prometheus)}"
        )
        use_again(stack, cluster, exchange)
        yield Watched(stack, cluster, prometheus, webhook)


def asking(exchange: RunningExchange) -> dict[str, Any]:
    """Settings with which the stack asks the local exchange for candles."""
    return {
        "proxy_hops": 1,
        "market_sources": ["binance"],
        "exchange_urls": [f"binance={exchange.url}"],
        "market_rates": ["binance=1000 per second"],
        "stream_lease_seconds": 2.0,
        # Nothing is to be lost here, however busy the machine.
        "lease_seconds": 15.0,
        # The second training need not wait for a new child.
        "training_tasks_per_child": 2,
    }


def use(stack: Stack) -> None:
    """What brings series of every kind: a model, forecasts that can be scored, a client, live candles."""
    stack.call("PUT", f"/api/v1/market/followed/{BITCOIN['ticker']}/{BITCOIN['interval']}")
    stack.call("PUT", f"/api/v1/market/followed/{TICKER}/{INTERVAL}")
    with Redis.from_url(stack.settings.redis_url) as redis:
        redis.config_set("maxmemory", 256 * 1024 * 1024)
    train(stack, seed=1)
    asked = {"ticker": TICKER, "interval": INTERVAL, "request_id": "asked-by-a-test"}
    stack.call("POST", "/api/v1/predict", asked)
    store(stack, CANDLES[1000:1003])
    forecast = "/api/v1/predictions/asked-by-a-test"
    stack.wait_until(lambda: stack.call("GET", forecast)["settled_steps"] == 3, seconds=60)
    for _ in range(2):
        stack.call("GET", f"/api/v1/analytics/rsi/{TICKER}?interval={INTERVAL}")


def use_again(stack: Stack, cluster: Cluster, exchange: RunningExchange) -> None:
    """What Prometheus must see happen, not find: a training ends, a client leaves, a line breaks."""
    client = socketio.Client(reconnection=False)
    client.connect(cluster.url, transports=["websocket"], wait_timeout=10)
    try:
        # Of another series: the model that was judged stays the active one.
        request = {**TRAINING, **BITCOIN, "start_date": "2018-01-01", "end_date": "2018-02-28"}
        session_id = stack.call("POST", "/api/v1/train", request)["session_id"]
        client.call("join_training", {"session_id": session_id}, timeout=20)
        stack.wait_for_status(session_id, "COMPLETED", seconds=60)
        exchange.drop()
    finally:
        client.disconnect()


@contextmanager
def watching(stack: Stack, cluster: Cluster, folder: Path, webhook: Webhook) -> Iterator[Prometheus]:
    """Prometheus with the repository's configuration, and Alertmanager behind it."""
    ports = {name: processes.free_port() for name in ("prometheus", "alertmanager")}
    own = {name: [f"127.0.0.1:{port}"] for name, port in ports.items()}
    workers = {name: [f"127.0.0.1:{stack.metrics_ports[local]}"] for name, local in SERVICES.items()}
    with ExitStack() as running:
        others = running.enter_context(
            monitoring.exporters(stack.settings.database_url, stack.settings.redis_url, folder)
        )
        targets = {
            **own,
            **workers,
            **others,
            "web": [f"127.0.0.1:{port}" for port in cluster.web_ports.values()],
        }
        told = monitoring.quick_alertmanager(folder / "alertmanager", webhook)
        config = monitoring.quick_configuration(targets, folder / "prometheus")
        for name, arguments in {
            "prometheus-alertmanager": [f"--config.file={told}", "--cluster.listen-address="],
            "prometheus": [f"--config.file={config}"],
        }.items():
            short = name.removeprefix("prometheus-")
            storage = "storage.tsdb.path" if short == "prometheus" else "storage.path"
            address = own[short][0]
            command = [monitoring.program(name), *arguments, f"--web.listen-address={address}"]
            command.append(f"--{storage}={folder / short / 'data'}")
            log = folder / f"{short}.log"
            running.enter_context(monitoring.running(command, f"http://{address}/-/ready", log))
        yield Prometheus(f"http://{own['prometheus'][0]}")


def targets_of(prometheus: Prometheus) -> dict[str, int]:
    """How many processes of each service answer."""
    up = prometheus.query("sum by (service) (up)")
    return {each["metric"]["service"]: int(each["value"][1]) for each in up}


def wait_for(condition: Callable[[], object], seconds: float, what: str) -> None:
    deadline = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < deadline, f"{what} did not come within {seconds} s"
        time.sleep(0.2)


def test_every_target_is_up(watched: Watched) -> None:
    assert targets_of(watched.prometheus) == EXPECTED


def expressions() -> dict[str, str]:
    """Every expression of rules and dashboards, by where it stands."""
    found = {
        f"rule {rule.get('alert') or rule['record']}": rule["expr"]
        for rule in [*monitoring.rules("alert"), *monitoring.rules("record")]
    }
    for file, dashboard in monitoring.dashboards().items():
        for panel in monitoring.panels_of(dashboard):
            for target in panel["targets"]:
                place = f"{file}, {panel['title']}, {target['refId']}"
                found[place] = monitoring.filled(target["expr"])
    return found


def lacks(prometheus: Prometheus, selector: Selector) -> str:
    """What the series of a metric lack for this selector; empty when nothing does."""
    series = prometheus.labels_of(selector.metric)
    if not series:
        return f"no process has the metric {selector.metric}"
    for matcher in selector.matchers:
        values = {labels[matcher.label] for labels in series if matcher.label in labels}
        if not values:
            return f"{selector.metric} has no label {matcher.label}"
        if matcher.sign == "=" and matcher.value not in values and matcher not in OF_FAULTS:
            return f"{selector.metric} has no {matcher.label}={matcher.value}, only {sorted(values)}"
    return ""


def faults(prometheus: Prometheus, expression: str) -> list[str]:
    """What is wrong with an expression, in words. Raises ``HTTPError`` for what is no PromQL."""
    prometheus.query(expression)
    read = selectors(expression)
    known = GIVEN.union(*(labels for each in read for labels in prometheus.labels_of(each.metric)))
    foreign = grouping_labels(expression) - known
    return [
        *filter(None, (lacks(prometheus, selector) for selector in read)),
        *(f"groups by {label}, which nothing in it has" for label in sorted(foreign)),
    ]


def test_every_metric_of_rules_and_dashboards_is_there_with_its_labels(watched: Watched) -> None:
    """The rates of the recording rules need a moment and some requests."""

    left, deadline = expressions(), time.monotonic() + 20
    wrong: dict[str, list[str]] = {}
    while left and time.monotonic() < deadline:
        watched.stack.call("GET", "/api/v1/market/tickers")
        wrong = {place: faults(watched.prometheus, each) for place, each in left.items()}
        left = {place: each for place, each in left.items() if wrong[place]}
        time.sleep(0.5)
    assert not left, {place: wrong[place] for place in left}


def test_a_metric_or_label_that_does_not_exist_is_noticed(watched: Watched) -> None:
    assert faults(watched.prometheus, "sum(crypto_predict_nonsense_total)")
    assert faults(watched.prometheus, 'crypto_predict_workers{que="training"}')
    assert faults(watched.prometheus, 'crypto_predict_workers{queue="trainings"}')
    assert faults(watched.prometheus, "sum by (worker) (crypto_predict_workers)")
    assert not faults(watched.prometheus, 'sum by (queue) (crypto_predict_workers{queue="training"})')


def test_the_legends_of_dashboards_name_labels_that_are_there(watched: Watched) -> None:
    for file, dashboard in monitoring.dashboards().items():
        for panel in monitoring.panels_of(dashboard):
            for target in panel["targets"]:
                answer = watched.prometheus.query(monitoring.filled(target["expr"]))
                for label in monitoring.legend_labels(target):
                    assert all(label in each["metric"] for each in answer), (file, panel["title"], label)


def test_a_worker_that_stops_is_told_of_and_so_is_its_return(watched: Watched) -> None:
    stack, webhook = watched.stack, watched.webhook
    stack.stop_service("market")
    for name in ("InstanceDown", "NoLiveWorker"):
        wait_for(lambda name=name: webhook.got(name, "firing"), 40, name)
    (down,) = webhook.got("InstanceDown", "firing")[:1]
    assert down["labels"]["service"] == "worker-market"
    assert down["labels"]["severity"] == "critical"
    assert down["annotations"]["runbook"] == "docs/runbooks/instance-down.md"
    assert down["annotations"]["summary"] == f"worker-market at {down['labels']['instance']} does not answer"
    assert webhook.got("NoLiveWorker", "firing")[0]["labels"]["queue"] == "market"
    stack.start_service("market")
    for name in ("InstanceDown", "NoLiveWorker"):
        wait_for(lambda name=name: webhook.got(name, "resolved"), 40, f"the end of {name}")
