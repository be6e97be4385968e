"""Settings, read once from the environment (and ``.env``), validated, immutable.

Every setting is one line of :class:`Settings`; its upper-case name is the environment variable. Its value
may also lie in a file, such as a mounted secret: the variable with ``_FILE`` behind its name then says where.
"""

from __future__ import annotations

import os
import secrets
from collections.abc import Mapping
from dataclasses import dataclass, field, fields, replace
from pathlib import Path
from typing import Any, get_type_hints
from urllib.parse import urlsplit, urlunsplit

from dotenv import dotenv_values
from environs import Env, FileAwareEnv
from marshmallow import validate

from server.errors import ServerError
from server.setting_checks import FILE_SUFFIX, files_of, production_problems, shown, wrong_values

PROJECT_ROOT = Path(__file__).resolve().parent.parent
ENVIRONMENTS = ("development", "test", "production")
ASYNC_MODES = ("gevent", "eventlet", "threading")


class InvalidSettings(ServerError):
    """The environment cannot be used; the message names each variable, its value and the remedy."""

    error_code = "invalid_settings"


def _setting(default: Any, help: str, check: Any = None) -> Any:
    return field(default=default, metadata={"help": help, "check": check})


def _at_least(minimum: float) -> validate.Range:
    return validate.Range(min=minimum)


@dataclass(frozen=True, slots=True, kw_only=True)
class Settings:
    """All configuration. Times are in seconds, sizes in bytes, unless the name says otherwise."""

    app_env: str = _setting("development", "development, test or production", validate.OneOf(ENVIRONMENTS))
    secret_key: str = _setting("", "Signs what the server hands out; required in production")
    database_url: str = _setting("", "PostgreSQL URL; `make run` starts an embedded one when it is empty")
    redis_url: str = _setting("", "Redis or Valkey URL; `make run` starts an embedded one when it is empty")
    artifact_url: str = _setting(
        "", "fsspec URL of the artifact store; default: `.local/artifacts` as file://"
    )
    host: str = _setting("127.0.0.1", "Address the web process listens on")
    port: int = _setting(5000, "Port the web process listens on", validate.Range(min=1, max=65535))
    async_mode: str = _setting("gevent", "gevent, eventlet or threading", validate.OneOf(ASYNC_MODES))
    cors_origins: list[str] = _setting((), "Origins allowed to call the API and the sockets; `*` allows all")
    proxy_hops: int = _setting(
        0, "Reverse proxies in front whose X-Forwarded-* headers are trusted", _at_least(0)
    )
    max_body_bytes: int = _setting(64 * 1024 * 1024, "Largest request body accepted", _at_least(1024))
    database_pool_size: int = _setting(10, "Database connections a process keeps", _at_least(1))

    rate_limit_enabled: bool = _setting(True, "Limit requests per endpoint and client")
    rate_limit_default: str = _setting("600 per minute", "Limit of an endpoint that names none of its own")
    rate_limit_train: str = _setting("30 per minute", "Limit of POST /train")
    rate_limit_import: str = _setting("10 per minute", "Limit of POST /market/import")
    rate_limit_backfill: str = _setting("30 per minute", "Limit of POST /market/backfill")
    rate_limit_predict: str = _setting(
        "1200 per minute", "Limit of POST /predict, and of POST /predict/batch"
    )

    max_training_sessions: int = _setting(4, "Sessions that may wait or run at a time", _at_least(1))
    training_concurrency: int = _setting(1, "Trainings one worker runs side by side", _at_least(1))
    training_max_attempts: int = _setting(
        3, "Times a run may be picked up after its worker died", _at_least(1)
    )
    training_time_limit: int = _setting(6 * 3600, "Longest a run may take, attempts included", _at_least(1))
    training_tasks_per_child: int = _setting(
        1, "Trainings after which a worker child is replaced", _at_least(1)
    )
    lease_seconds: float = _setting(
        15.0, "A run whose lease was not renewed for this long is picked up", _at_least(1)
    )
    lease_poll_seconds: float = _setting(
        0.5, "How often a running training looks for cancel and renews", _at_least(0.05)
    )
    reaper_seconds: float = _setting(5.0, "How often beat looks for runs of dead workers", _at_least(0.1))
    requeue_seconds: float = _setting(
        60.0, "A waiting run unclaimed for this long is sent to the queue again", _at_least(1)
    )
    room_sweep_seconds: float = _setting(
        1.0, "How often a web process looks for events its rooms missed", _at_least(0.05)
    )
    progress_seconds: float = _setting(
        0.5, "Shortest time between two progress messages inside an epoch", _at_least(0)
    )

    follow: list[str] = _setting(
        (), "Series to forecast on each closed candle, as TICKER INTERVAL: `BTC-USD 1h,ETH-USD 1h`"
    )
    retrain_hour_utc: int = _setting(
        -1,
        "Hour (UTC) at which the active models of followed series are trained anew; -1: never",
        validate.Range(min=-1, max=23),
    )

    prediction_sweep_seconds: float = _setting(
        30.0, "How often beat looks for forecasts that were not scored or not made", _at_least(1)
    )
    drift_window_days: float = _setting(
        30.0, "Days of live forecasts by which a model is judged", _at_least(0.01)
    )
    drift_min_outcomes: int = _setting(200, "Scored steps below which a model is not judged", _at_least(1))
    drift_coverage_points: float = _setting(
        10.0,
        "Percentage points by which live coverage may miss 80 or 95 before a model counts as drifting",
        validate.Range(min=0, max=100),
    )
    drift_skill: float = _setting(
        -0.05, "Live skill against naive below which a model counts as drifting", validate.Range(max=1)
    )
    auto_retrain: bool = _setting(False, "Start a training when a model drifts; it must win to replace it")

    model_cache_size: int = _setting(64, "Models that a process keeps ready to forecast with", _at_least(1))
    model_cache_dir: str = _setting(
        "",
        "Folder for local copies of models when ARTIFACT_URL is not a local disk; default: `.local/models`",
    )
    model_stale_days: float = _setting(
        30.0, "A forecast warns when its model's data ends more than this before it", _at_least(0)
    )

    market_sources: list[str] = _setting(
        ("coinbase", "kraken", "binance"), "Exchanges asked for market data, in order, by their names in ccxt"
    )
    market_source_of: list[str] = _setting(
        (), "Exchange of a ticker when not the first that has it: `BTC-USD=kraken,ETH-USD=binance`"
    )
    market_second_source_of: list[str] = _setting(
        (), "Exchange that stored candles are compared with: `BTC-USD=kraken`, or `*=kraken` for all tickers"
    )
    market_compared_candles: int = _setting(
        100, "Newest candles of a series that are compared with its second exchange", _at_least(1)
    )
    market_tolerance: float = _setting(
        0.01, "Relative difference of two exchanges' closes above which a candle is flagged", _at_least(0)
    )
    exchange_urls: list[str] = _setting(
        (), "Gateways that serve an exchange's hosts beneath them: `kraken=http://127.0.0.1:9000`"
    )
    market_rates: list[str] = _setting(
        (), "Calls to a source that all processes together may make: `kraken=1 per second`"
    )
    coingecko_api_key: str = _setting("", "Key of CoinGecko's demo plan; the public plan needs none")
    source_timeout_seconds: float = _setting(
        10.0, "Longest that one answer of a source may take", _at_least(0.1)
    )
    source_patience_seconds: float = _setting(
        60.0, "Longest that a call to a source waits at a time, for its turn or on request", _at_least(0)
    )
    source_failures: int = _setting(5, "Failures in a row after which a source is left alone", _at_least(1))
    source_pause_seconds: float = _setting(300.0, "How long it is left alone", _at_least(0.1))
    stream_stale_seconds: float = _setting(
        30.0, "Silence after which a stream of live candles is given up and opened again", _at_least(0.1)
    )
    stream_doubt_seconds: float = _setting(
        5.0, "Silence after which a live candle is fetched before it is stored", _at_least(0.01)
    )
    stream_check_seconds: float = _setting(
        300.0, "How often live candles are compared with what their source says when asked", _at_least(0.1)
    )
    stream_lease_seconds: float = _setting(
        15.0, "A ticker whose stream process was silent for this long is streamed by another", _at_least(0.5)
    )
    stream_return_seconds: float = _setting(
        60.0,
        "How long a source's candles must have come again before series go back to it; doubled each time",
        _at_least(0.1),
    )
    stream_followed: bool = _setting(
        True, "`make run` streams live candles of followed series when an exchange can be reached"
    )

    market_flat_candles: int = _setting(
        5,
        "Candles in a row that a source may lack for want of trades; they are filled flat, more are a gap",
        _at_least(0),
    )
    market_coins: int = _setting(
        1000, "Coins by market cap that are asked for every night; 0: none", _at_least(0)
    )
    market_keep_days_1m: int = _setting(
        730,
        "Days before its newest candle that a series of 1m keeps, of what exchanges sent; 0: for ever",
        _at_least(0),
    )
    market_keep_days_5m: int = _setting(1825, "The same of 5m", _at_least(0))
    market_keep_days_15m: int = _setting(0, "The same of 15m", _at_least(0))
    market_job_lease_seconds: float = _setting(
        120.0, "A job on market data that was silent for this long is taken by another worker", _at_least(1)
    )
    market_backfill_on_start: bool = _setting(
        True, "`make run` brings the shipped sample up to the present when an exchange can be reached"
    )

    retention_session_days: int = _setting(
        0,
        "Days after its end that a session and its events are kept; its model stays; 0: for ever",
        _at_least(0),
    )
    retention_prediction_days: int = _setting(
        0,
        "Days after its last step that a forecast is kept, never less than DRIFT_WINDOW_DAYS; 0: for ever",
        _at_least(0),
    )
    retention_models_kept: int = _setting(
        0, "Newest models of a kind that are kept beside the active one; 0: all", _at_least(0)
    )
    retention_hour_utc: int = _setting(
        3, "Hour (UTC) at which the RETENTION settings are applied", validate.Range(min=0, max=23)
    )

    log_level: str = _setting(
        "INFO", "DEBUG, INFO, WARNING or ERROR", validate.OneOf(("DEBUG", "INFO", "WARNING", "ERROR"))
    )
    log_format: str = _setting(
        "auto", "json, console, or auto (console on a terminal)", validate.OneOf(("auto", "json", "console"))
    )
    prometheus_multiproc_dir: str = _setting(
        "", "Folder through which processes of one machine share metrics"
    )
    worker_metrics_port: int = _setting(
        0, "Port on which a worker serves its own /metrics; 0: none", validate.Range(min=0, max=65535)
    )

    otel_exporter_otlp_endpoint: str = _setting(
        "", "Where traces are sent by OTLP over HTTP: `http://collector:4318`; none are made when it is empty"
    )
    otel_service_name: str = _setting("crypto-predict", "Name under which traces are sent")

    @classmethod
    def from_environment(cls) -> Settings:
        """Read and check all settings; the environment wins over ``.env``.

        Raises :class:`InvalidSettings` naming every variable that is wrong.
        """
        values = _parse(cls)
        if values["app_env"] == "production":
            _refuse(production_problems(values))
        values["secret_key"] = values["secret_key"] or secrets.token_hex(32)
        values["artifact_url"] = values["artifact_url"] or (PROJECT_ROOT / ".local/artifacts").as_uri()
        values["model_cache_dir"] = values["model_cache_dir"] or str(PROJECT_ROOT / ".local/models")
        return cls(**values)

    def redis_database(self, number: int) -> str:
        """The Redis URL with its logical database replaced: 0 broker and rooms, 1 rate limits, 2 cache."""
        return urlunsplit(urlsplit(self.redis_url)._replace(path=f"/{number}"))

    def address(self) -> str:
        """``HOST:PORT`` on which the web process listens."""
        return f"[{self.host}]:{self.port}" if ":" in self.host else f"{self.host}:{self.port}"

    def own_url(self, path: str = "") -> str:
        """Where this machine asks the web process for ``path``; nobody can ask all addresses."""
        one = {"0.0.0.0": "127.0.0.1", "::": "::1"}.get(self.host, self.host)  # noqa: S104
        return f"http://{replace(self, host=one).address()}{path}"


def _parse(cls: type[Settings]) -> dict[str, Any]:
    file = PROJECT_ROOT / ".env"
    names = [spec.name.upper() for spec in fields(cls)]
    files, problems = files_of(names, [os.environ, dotenv_values(file)])
    _refuse(problems)
    plain = Env(eager=False)
    from_files = FileAwareEnv(file_suffix=FILE_SUFFIX, eager=False, strip_whitespace=True)
    for env in (plain, from_files):
        env.read_env(str(file), recurse=False)
    hints = get_type_hints(cls)
    values: dict[str, Any] = {}
    for spec, name in zip(fields(cls), names, strict=True):
        read = _reader(from_files if name in files else plain, hints[spec.name])
        values[spec.name] = read(name, default=spec.default, validate=spec.metadata["check"])
    wrong = {**wrong_values(plain), **wrong_values(from_files)}
    if wrong:
        lines = [f"{shown(name, files)}: {messages}" for name, messages in wrong.items()]
        raise InvalidSettings("Settings that cannot be used: " + "; ".join(lines), variables=wrong)
    return values


def _reader(env: Env, hint: Any) -> Any:
    return {str: env.str, int: env.int, float: env.float, bool: env.bool, list[str]: env.list}[hint]


def _refuse(problems: Mapping[str, str]) -> None:
    if problems:
        sentences = dict.fromkeys(problems.values())
        raise InvalidSettings("; ".join(sentences), variables=list(problems))
