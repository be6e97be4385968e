"""Forecasts over HTTP: each view translates one request into one call."""

from __future__ import annotations

from typing import Any

from flask import Response
from flask_smorest import Blueprint

from server import adapters
from server.extensions import limiter
from server.prediction import batch, forecasts, performance, preloading, schemas, store
from server.prediction.choice import Wanted
from server.prediction.performance_schemas import PerformanceQuery, PerformanceSchema

blueprint = Blueprint(
    "prediction", __name__, url_prefix="/api/v1", description="Forecasts, and what came true of them"
)


blueprint.before_request(preloading.ensure_started)


@blueprint.post("/predict")
@limiter.limit(lambda: adapters.settings().rate_limit_predict)
# An instance: a class would be made into one for every request.
@blueprint.arguments(schemas.PredictRequest())
@blueprint.response(200, schemas.PredictionSchema)
@blueprint.alt_response(404, description="Nothing is stored of the series, or it has no active model")
@blueprint.alt_response(409, description="`request_id` belongs to another request")
@blueprint.alt_response(503, description="The model's artifact cannot be served")
def predict(body: dict[str, Any]) -> Response:
    """Forecast the next closes with their 80 and 95 % bounds, beside the naive forecast."""
    made = forecasts.answer(Wanted(**body), adapters.settings(), adapters.background_publisher())
    return Response(made.body(), mimetype="application/json")


@blueprint.post("/predict/batch")
@limiter.limit(lambda: adapters.settings().rate_limit_predict)
@blueprint.arguments(schemas.PredictBatch)
@blueprint.response(200, schemas.BatchSchema)
def predict_batch(body: dict[str, Any]) -> Response:
    """Many forecasts at once; each is answered for itself, in the order asked."""
    results = batch.answer_all(body["requests"], adapters.settings(), adapters.background_publisher())
    return Response(f'{{"results":[{",".join(results)}]}}', mimetype="application/json")


@blueprint.get("/predictions")
@blueprint.arguments(schemas.PredictionsQuery, location="query")
@blueprint.response(200, schemas.PredictionsSchema)
def predictions(query: dict[str, Any]) -> dict[str, Any]:
    """Stored forecasts, newest first."""
    page, page_size = query.pop("page"), query.pop("page_size")
    found, total = store.page(query, page, page_size)
    return {"predictions": found, "total": total, "page": page, "page_size": page_size}


@blueprint.get("/predictions/performance")
@blueprint.arguments(PerformanceQuery, location="query")
@blueprint.response(200, PerformanceSchema)
def predictions_performance(query: dict[str, Any]) -> dict[str, Any]:
    """What live forecasts were worth once the candles were there, beside the naive forecast."""
    group_by, include_hindcasts = query.pop("group_by"), query.pop("include_hindcasts")
    groups = performance.report(query, group_by, include_hindcasts)
    return {"group_by": group_by, "include_hindcasts": include_hindcasts, "groups": groups}


@blueprint.get("/predictions/<string:request_id>")
@blueprint.response(200, schemas.StoredPredictionSchema)
@blueprint.alt_response(404, description="There is no such forecast")
def prediction(request_id: str) -> dict[str, Any]:
    """One stored forecast, step by step beside what came true."""
    return forecasts.stored(request_id)
