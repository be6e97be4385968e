"""The application factory: everything the web process is made of, in one visible list.

Workers and commands use the same factory, so that they see the same settings, database and queue.
"""

from __future__ import annotations

from importlib.resources import files

from flask import Blueprint, Flask, request
from flask_cors import CORS
from werkzeug.middleware.proxy_fix import ProxyFix

from server.analytics.views import blueprint as analytics_views
from server.config import InvalidSettings, Settings
from server.dashboard.views import blueprint as dashboard_views
from server.extension_config import (
    API_PREFIX,
    celery_config,
    database_config,
    limiter_config,
    openapi_config,
)
from server.extensions import celery, db, limiter, migrate, socketio
from server.forecasters.artifacts import ArtifactStore
from server.market import cleaning, follows, freshness
from server.market import sockets as market_sockets
from server.market.commands import CLI_COMMANDS as MARKET_COMMANDS
from server.market.messages import MESSAGES as MARKET_MESSAGES
from server.market.sources.order import Sources
from server.market.streaming.states import StreamStates
from server.market.views import blueprint as market_views
from server.market.views import schedule_blueprint as schedule_views
from server.observability import (
    command_errors,
    error_answers,
    health,
    logs,
    metrics,
    request_context,
    security,
    task_context,
    tracing,
    validation,
)
from server.observability.queues import QueueGauges
from server.observability.views import blueprint as health_views
from server.operations.commands import CLI_COMMANDS as OPERATIONS_COMMANDS
from server.prediction import needs as prediction_needs
from server.prediction import sockets as prediction_sockets
from server.prediction import tasks as prediction_tasks
from server.prediction.commands import CLI_COMMANDS as PREDICTION_COMMANDS
from server.prediction.live import LiveGauges
from server.prediction.messages import MESSAGES as PREDICTION_MESSAGES
from server.prediction.views import blueprint as prediction_views
from server.realtime import asyncapi
from server.realtime import server as realtime
from server.registry import listing
from server.registry import needs as registry_needs
from server.registry.commands import models_cli
from server.registry.views import blueprint as registry_views
from server.training import needs as training_needs
from server.training import sessions
from server.training import sockets as training_sockets
from server.training.commands import CLI_COMMANDS
from server.training.messages import MESSAGES as TRAINING_MESSAGES
from server.training.views import blueprint as training_views

# A limit on these would make a deployment kill itself, or hide the page that explains the limits.
NEVER_LIMITED = frozenset(
    {
        "health", "health_at_root", "dashboard", "api-docs", "asyncapi", "swagger_ui_files", "static",
        "prometheus_metrics",
    }
)  # fmt: skip


def create_app(settings: Settings | None = None) -> Flask:
    """Build the Flask application from ``settings`` (default: the environment).

    Raises :class:`InvalidSettings` when the settings name no database or no Redis, or a series to
    follow that cannot be one.
    """
    settings = settings or Settings.from_environment()
    logs.configure(settings)
    app = Flask(__name__)
    app.request_class = validation.WholeRequest
    configure(app, settings)
    observe(app)
    bind_database(app)
    bind_limiter(app)
    bind_celery(app)
    bind_realtime(app)
    bind_http(app)
    register_blueprints(app)
    register_probes(app)
    register_needs(app)
    register_commands(app)
    return app


def configure(app: Flask, settings: Settings) -> None:
    """Put the settings, and what the extensions read, into ``app.config``."""
    for name in ("database_url", "redis_url"):
        if not getattr(settings, name):
            raise InvalidSettings(
                f"{name.upper()} is not set: set it in the environment or in .env, or use `make run`, "
                "which starts an embedded server",
                variables=[name.upper()],
            )
    # Refused now, not at the first candle.
    follows.pairs_of(settings.follow)
    app.config.update(
        SETTINGS=settings,
        SECRET_KEY=settings.secret_key,
        MAX_CONTENT_LENGTH=settings.max_body_bytes,
        SESSION_COOKIE_SAMESITE="Lax",
        **database_config(settings),
        **limiter_config(settings),
        **openapi_config(),
    )


def observe(app: Flask) -> None:
    """Request ids, access lines and metrics; first, so that they see what the others refuse."""
    request_context.bind(app)
    metrics.bind(app)


def bind_database(app: Flask) -> None:
    """The database and its migrations."""
    db.init_app(app)
    migrate.init_app(app, db)


def bind_limiter(app: Flask) -> None:
    """Rate limits, counted per endpoint and client."""
    limiter.init_app(app)


@limiter.request_filter
def _is_never_limited() -> bool:
    return request.blueprint in NEVER_LIMITED or request.endpoint in NEVER_LIMITED


def bind_celery(app: Flask) -> None:
    """The queue, and what every task has: a context, a trace, and the tasks that signals send."""
    celery.conf.update(celery_config(app.config["SETTINGS"]))
    task_context.bind(app, celery)
    tracing.bind(app, celery)
    prediction_tasks.listen()


def bind_realtime(app: Flask) -> None:
    """Socket.IO on the same port, and the socket edges of every domain."""
    realtime.bind(app, socketio)
    training_sockets.register(socketio)
    prediction_sockets.register(socketio)
    market_sockets.register(socketio)
    messages = (*TRAINING_MESSAGES, *PREDICTION_MESSAGES, *MARKET_MESSAGES)
    asyncapi.serve(app, f"{API_PREFIX}/asyncapi.json", messages)


def bind_http(app: Flask) -> None:
    """What every request passes: client address, CORS, strict arguments, errors, headers."""
    settings: Settings = app.config["SETTINGS"]
    if hops := settings.proxy_hops:
        # Outermost, so that the sockets see the client's address as well.
        app.wsgi_app = ProxyFix(  # type: ignore[method-assign]
            app.wsgi_app, x_for=hops, x_proto=hops, x_host=hops, x_port=hops
        )
    CORS(
        app,
        origins=settings.cors_origins or [],
        expose_headers=["X-Request-ID", "Location", "Retry-After"],
        max_age=600,
    )
    validation.bind(app)
    error_answers.register_error_handlers(app)
    security.bind(app)


def register_blueprints(app: Flask) -> None:
    """The HTTP edges of every domain, documented in one OpenAPI document."""
    api = error_answers.OneShapeApi(app)
    api.register_blueprint(health_views, url_prefix=f"{API_PREFIX}/health")
    api.register_blueprint(market_views)
    api.register_blueprint(schedule_views)
    api.register_blueprint(analytics_views)
    api.register_blueprint(training_views)
    api.register_blueprint(registry_views)
    api.register_blueprint(prediction_views)
    app.register_blueprint(health_views, url_prefix="/health", name="health_at_root")
    app.register_blueprint(dashboard_views)
    app.register_blueprint(
        Blueprint(
            "swagger_ui_files",
            __name__,
            static_folder=str(files("flask_swagger_ui").joinpath("dist")),
            static_url_path=f"{API_PREFIX}/docs/files",
        )
    )


def register_probes(app: Flask) -> None:
    """What ``/health/ready`` asks, and the numbers that ``/metrics`` looks up when it is asked."""
    health.register_own_probes(app)
    # What was trained before is still shown without the store.
    store = ArtifactStore(app.config["SETTINGS"].artifact_url)
    health.register_probe(app, "artifacts", store.check, critical=False)
    sources = Sources(app.config["SETTINGS"])
    health.register_detail(app, "sources", sources.state_payloads)
    streams = StreamStates(app.config["SETTINGS"])
    health.register_detail(app, "streams", streams.payloads)
    metrics.read_at_scrape(app, streams.gauges)
    metrics.read_at_scrape(app, QueueGauges(app.config["SETTINGS"]).read)
    metrics.read_at_scrape(app, sources.gauges)
    metrics.read_at_scrape(app, freshness.gauges)
    metrics.read_at_scrape(app, sessions.gauges)
    metrics.read_at_scrape(app, listing.gauges)
    metrics.read_at_scrape(app, LiveGauges(app.config["SETTINGS"].drift_window_days).read)


def register_needs(app: Flask) -> None:
    """Who is asked before old candles are deleted."""
    cleaning.register_need(app, "a model", registry_needs.first_candle)
    cleaning.register_need(app, "a training", training_needs.first_candle)
    cleaning.register_need(app, "a forecast that is not scored yet", prediction_needs.first_candle)


def register_commands(app: Flask) -> None:
    """The ``flask`` commands of every domain."""
    own = (*MARKET_COMMANDS, *CLI_COMMANDS, models_cli, *PREDICTION_COMMANDS, *OPERATIONS_COMMANDS)
    for command in own:
        app.cli.add_command(command)
    for command in app.cli.commands.values():
        command_errors.tell(command)
