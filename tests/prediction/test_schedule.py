"""The forecast of each followed series' newest candle: made once, whatever is sent how often."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import pytest
from sqlalchemy import select

from server.config import Settings
from server.errors import InvalidInput
from server.extensions import db
from server.forecasters.artifacts import Artifact
from server.market import follows, store
from server.prediction import forecasts, schedule
from server.prediction.schedule import Make, overdue, request_id_of, wanted
from server.prediction.tables import Prediction
from server.registry import models
from server.registry.decision import Uncompared
from server.registry.tables import Model
from tests.prediction.conftest import HORIZON, INTERVAL, MODEL_ID, STORED, TICKER, TO_COME, copied, registered
from tests.prediction.recording import RecordingPublisher

NEWEST = datetime.fromtimestamp(int(STORED.timestamp[-1]), UTC)


@pytest.fixture
def make(settings: Settings, publisher: RecordingPublisher) -> Make:
    def make_forecast(request: dict[str, Any]) -> Any:
        return forecasts.make(request, settings, publisher, forecasts.SCHEDULE)

    return make_forecast


@pytest.fixture
def followed(model: Model) -> None:
    follows.follow(TICKER, INTERVAL)


def made() -> list[Prediction]:
    return list(db.session.scalars(select(Prediction).order_by(Prediction.origin)))


def test_the_id_is_always_the_same_and_fits_a_room() -> None:
    first = request_id_of(MODEL_ID, NEWEST)
    assert first == request_id_of(MODEL_ID, NEWEST)
    assert len(first) == 32
    assert first.isalnum()
    assert first != request_id_of(MODEL_ID, NEWEST.replace(hour=(NEWEST.hour + 1) % 24))
    assert first != request_id_of("d" * 32, NEWEST)


def test_a_followed_series_is_forecast_from_its_newest_candle(followed: None, make: Make) -> None:
    assert schedule.forecast(TICKER, INTERVAL, make) == 1
    (forecast,) = made()
    assert forecast.request_id == request_id_of(MODEL_ID, NEWEST)
    assert (forecast.trigger, forecast.live, forecast.origin) == ("schedule", True, NEWEST)
    assert (forecast.model_id, forecast.horizon) == (MODEL_ID, HORIZON)


def test_what_is_delivered_again_makes_no_second_forecast(followed: None, make: Make) -> None:
    schedule.forecast(TICKER, INTERVAL, make)
    assert wanted(TICKER, INTERVAL) == []
    assert schedule.forecast(TICKER, INTERVAL, make) == 0
    assert len(made()) == 1


def test_two_deliveries_at_once_make_one_forecast(
    followed: None, make: Make, publisher: RecordingPublisher
) -> None:
    (request,) = wanted(TICKER, INTERVAL)
    make(request)
    make(request)
    assert len(made()) == 1
    assert len({payload["seq"] for _, _, payload in publisher.published}) == 1


def test_a_bulk_import_makes_one_forecast_and_not_thousands(followed: None, make: Make) -> None:
    store.upsert(TICKER, INTERVAL, "bulk", TO_COME)
    assert schedule.forecast(TICKER, INTERVAL, make) == 1
    assert [int(each.origin.timestamp()) for each in made()] == [int(TO_COME.timestamp[-1])]


def test_a_corrected_older_candle_makes_no_new_forecast(followed: None, make: Make) -> None:
    schedule.forecast(TICKER, INTERVAL, make)
    store.upsert(TICKER, INTERVAL, "corrected", STORED[-9:-4])
    assert schedule.forecast(TICKER, INTERVAL, make) == 0


def test_a_series_that_nobody_follows_is_left_alone(model: Model, make: Make) -> None:
    assert schedule.forecast(TICKER, INTERVAL, make) == 0
    assert overdue() == []


def test_every_active_model_forecasts(followed: None, artifact: Artifact, make: Make) -> None:
    registered(copied(artifact, "e" * 32, model_type="LSTM").manifest)
    models.register(copied(artifact, "f" * 32).manifest, Uncompared("no rows in common", MODEL_ID))
    db.session.commit()
    assert schedule.forecast(TICKER, INTERVAL, make) == 2
    assert {each.model_id for each in made()} == {MODEL_ID, "e" * 32}


def test_a_model_that_cannot_forecast_does_not_stop_the_others(
    followed: None, artifact: Artifact, make: Make
) -> None:
    registered(copied(artifact, "e" * 32, model_type="LSTM").manifest)

    def make_some(request: dict[str, Any]) -> Any:
        if request["model_id"] == MODEL_ID:
            raise InvalidInput("too few candles")
        return make(request)

    assert schedule.forecast(TICKER, INTERVAL, make_some) == 1
    assert [each.model_id for each in made()] == ["e" * 32]


def test_a_followed_series_without_its_forecast_is_overdue(followed: None, make: Make) -> None:
    follows.follow("ETH-USD", INTERVAL)
    assert overdue() == [(TICKER, INTERVAL)]
    schedule.forecast(TICKER, INTERVAL, make)
    assert overdue() == []
    store.upsert(TICKER, INTERVAL, "later", TO_COME[:1])
    assert overdue() == [(TICKER, INTERVAL)]
