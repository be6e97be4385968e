"""Active models by their live figures: flagged once, back once, and shown by ``/metrics``."""

from __future__ import annotations

from dataclasses import replace

import pytest
from flask.testing import FlaskClient
from prometheus_client.parser import text_string_to_metric_families

from server.config import Settings
from server.extensions import db
from server.observability.metrics import LIVE_COVERAGE, LIVE_OUTCOMES, LIVE_SKILL, MODEL_DRIFTING
from server.prediction import live
from server.prediction.live import LiveGauges
from server.prediction.performance_schemas import FiguresSchema, PerformanceSchema
from server.prediction.scoring import settle
from server.prediction.socket_schemas import DATA_SCHEMAS
from server.registry import models
from server.registry.tables import Model
from tests.applications import application
from tests.prediction.conftest import INTERVAL, MODEL_ID, STORED, TICKER
from tests.prediction.recording import RecordingPublisher
from tests.prediction.stored import HOUR, START, events, store_rising

KIND = (TICKER, INTERVAL, "CNN")
PATH = "/api/v1/predictions/performance"


@pytest.fixture
def quick(settings: Settings) -> Settings:
    return replace(settings, drift_min_outcomes=20, drift_window_days=2.0)


def forecast_and_score(number: int, offset: float, hours: int = 0) -> None:
    """Scored live forecasts of the model, each off by the share ``offset``."""
    start = START + hours * HOUR
    last = store_rising(number, offset, start, model_id=MODEL_ID)
    settle(TICKER, INTERVAL, start, last, RecordingPublisher())


class Retrainings:
    def __init__(self) -> None:
        self.asked: list[tuple[str, str]] = []

    def __call__(self, model_id: str, reason: str) -> None:
        self.asked.append((model_id, reason))


def watch(settings: Settings, publisher: RecordingPublisher) -> Retrainings:
    retrainings = Retrainings()
    live.watch(TICKER, INTERVAL, settings, publisher, retrainings)
    return retrainings


def drift_events() -> list[dict[str, object]]:
    return [event.data for event in events() if event.type == "drifted"]


def test_a_model_out_of_its_band_is_flagged_and_told_once(
    model: Model, quick: Settings, publisher: RecordingPublisher
) -> None:
    forecast_and_score(40, offset=0.2)
    watch(quick, publisher)
    watch(quick, publisher)
    (data,) = drift_events()
    assert (data["model_id"], data["model_type"], data["version"]) == (MODEL_ID, "CNN", 1)
    assert DATA_SCHEMAS["drifted"]().validate(data) == {}
    assert data["recovered"] is False
    drift = models.get(MODEL_ID).drift
    assert drift is not None
    assert drift["since"] == data["since"]
    assert "the 80 % interval covered 0.0%" in drift["reason"]
    assert "skill against naive" in drift["reason"]
    assert drift["figures"]["rows"] == 40
    assert [payload["type"] for _, _, payload in publisher.published] == ["drifted"]


def test_a_model_that_is_back_is_told_once(
    model: Model, quick: Settings, publisher: RecordingPublisher
) -> None:
    band = replace(quick, drift_skill=-9.0)
    forecast_and_score(40, offset=0.2)
    watch(band, publisher)
    for place, offset in enumerate(4 * [0.03, 0.03, 0.03, 0.03, 0.08]):
        forecast_and_score(4, offset, hours=200 + 5 * place)
    watch(band, publisher)
    watch(band, publisher)
    assert models.get(MODEL_ID).drift is None
    assert [data["recovered"] for data in drift_events()] == [False, True]


def test_a_model_within_its_band_is_left_alone(
    model: Model, quick: Settings, publisher: RecordingPublisher
) -> None:
    forecast_and_score(40, offset=0.0)
    band = replace(quick, drift_coverage_points=25.0)
    watch(band, publisher)
    assert models.get(MODEL_ID).drift is None
    assert drift_events() == []


def test_too_few_outcomes_flag_nothing(model: Model, quick: Settings, publisher: RecordingPublisher) -> None:
    forecast_and_score(19, offset=0.5)
    watch(quick, publisher)
    assert models.get(MODEL_ID).drift is None


def test_a_retraining_starts_when_the_setting_says_so_and_once(
    model: Model, quick: Settings, publisher: RecordingPublisher
) -> None:
    forecast_and_score(40, offset=0.2)
    assert watch(quick, publisher).asked == []
    models.flag_drift(MODEL_ID, None)
    db.session.commit()
    auto = replace(quick, auto_retrain=True)
    ((model_id, reason),) = watch(auto, publisher).asked
    assert model_id == MODEL_ID
    assert reason.startswith("drift: the 80 %")
    assert watch(auto, publisher).asked == []


def test_the_gauges_are_those_of_the_report(model: Model, quick: Settings) -> None:
    nothing = {LIVE_SKILL: {}, LIVE_COVERAGE: {}, LIVE_OUTCOMES: {KIND: 0.0}, MODEL_DRIFTING: {KIND: 0.0}}
    assert LiveGauges(2.0).read() == nothing
    forecast_and_score(40, offset=0.002)
    gauges = LiveGauges(2.0)
    found = gauges.read()
    assert found[LIVE_SKILL][KIND] == pytest.approx(0.798, abs=0.005)
    assert found[LIVE_COVERAGE] == {(*KIND, "80"): 1.0, (*KIND, "95"): 1.0}
    assert found[LIVE_OUTCOMES] == {KIND: 40}
    forecast_and_score(40, offset=0.2, hours=100)
    assert gauges.read() is found


def test_the_gauges_are_on_the_metrics_page(model: Model, settings: Settings) -> None:
    forecast_and_score(40, offset=0.002)
    # The shared application may have answered another test's scrape within GAUGE_SECONDS.
    with application(settings) as unscraped:
        text = unscraped.test_client().get("/metrics").get_data(as_text=True)
    samples = [sample for family in text_string_to_metric_families(text) for sample in family.samples]
    labels = [sample.labels for sample in samples if sample.name == MODEL_DRIFTING]
    assert labels == [{"ticker": TICKER, "interval": INTERVAL, "model_type": "CNN"}]


def test_the_report_is_answered_as_documented(model: Model, client: FlaskClient) -> None:
    forecast_and_score(40, offset=0.002)
    answer = client.get(PATH)
    assert answer.status_code == 200, answer.json
    assert PerformanceSchema().validate(answer.json) == {}
    (figures,) = answer.json["groups"]
    assert (figures["model_id"], figures["rows"]) == (MODEL_ID, 40)
    assert set(figures) == set(FiguresSchema().fields) - {"step"}


def test_groups_and_filters_reach_the_report(model: Model, client: FlaskClient) -> None:
    forecast_and_score(10, offset=0.002)
    asked = {"group_by": "series,step", "from": "2024-03-01T02:00:00Z", "to": "2024-03-01T04:00:00Z"}
    answer = client.get(PATH, query_string=asked)
    (figures,) = answer.json["groups"]
    assert (figures["ticker"], figures["step"], figures["rows"]) == (TICKER, 1, 2)
    assert client.get(PATH, query_string={"step": 2}).json["groups"] == []


@pytest.mark.parametrize(
    "wrong",
    [
        {"group_by": "weather"},
        {"ticker": "btcusd"},
        {"interval": "2h"},
        {"step": 31},
        {"from": "2024-03-02", "to": "2024-03-01"},
        {"model_type": "GRU"},
    ],
)
def test_a_query_that_cannot_be_meant_is_refused(client: FlaskClient, wrong: dict[str, object]) -> None:
    answer = client.get(PATH, query_string=wrong)
    assert answer.status_code == 422
    assert next(iter(wrong)) in str(answer.json["details"]) or "to" in str(answer.json["details"])


def test_figures_cover_the_last_days_of_the_series_and_not_of_the_calendar(model: Model) -> None:
    forecast_and_score(40, offset=0.0)
    assert STORED.timestamp[-1] < START.timestamp()
    assert live.figures_of(TICKER, INTERVAL, [MODEL_ID], 1.0)[MODEL_ID]["rows"] == 25
    assert live.figures_of("ETH-USD", INTERVAL, [MODEL_ID], 1.0) == {}
