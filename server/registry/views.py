"""The registry over HTTP: each view translates one request into one call."""

from __future__ import annotations

import io
from typing import Any

from flask import Response, send_file
from flask.views import MethodView
from flask_smorest import Blueprint

from server import adapters
from server.registry import archive, listing, looking_back, models, schemas
from server.registry.announcements import announce

blueprint = Blueprint(
    "models", __name__, url_prefix="/api/v1/models", description="Trained models: list, activate, export"
)

ARCHIVE_TYPE = "application/x-tar"


@blueprint.get("")
@blueprint.arguments(schemas.ModelsQuery, location="query")
@blueprint.response(200, schemas.ModelsSchema)
def list_models(query: dict[str, Any]) -> dict[str, Any]:
    """Models beside the naive forecast, sorted by any metric."""
    page, page_size, sort = query.pop("page"), query.pop("page_size"), query.pop("sort")
    rows, total = listing.page(query, sort, page, page_size)
    found = [listing.summary(row) for row in rows]
    return {"models": found, "total": total, "page": page, "page_size": page_size}


@blueprint.get("/activations")
@blueprint.arguments(schemas.KindQuery, location="query")
@blueprint.response(200, schemas.ActivationsSchema)
def activations(query: dict[str, Any]) -> dict[str, Any]:
    """Which model was active since when, newest first."""
    page, page_size = query.pop("page"), query.pop("page_size")
    rows, total = models.history(query, page, page_size)
    found = [listing.activation(row) for row in rows]
    return {"activations": found, "total": total, "page": page, "page_size": page_size}


@blueprint.route("/<string:model_id>")
class OneModel(MethodView):
    """One model."""

    @blueprint.response(200, schemas.ModelDetailsSchema)
    def get(self, model_id: str) -> dict[str, Any]:
        """Everything that is known of a model, step by step beside the naive forecast."""
        return listing.details(models.get(model_id))

    @blueprint.response(204)
    @blueprint.alt_response(409, description="It is the active model of its kind")
    def delete(self, model_id: str) -> None:
        """Remove a model and its artifact; its forecasts stay."""
        models.delete(model_id, adapters.artifacts())


@blueprint.get("/<string:model_id>/test-part")
@blueprint.arguments(schemas.ScoredPartQuery, location="query")
@blueprint.response(200, schemas.ScoredPartSchema)
@blueprint.alt_response(404, description="There is no such model, or it was stored without its test part")
def test_part(query: dict[str, Any], model_id: str) -> dict[str, Any]:
    """Forecasts of the test part beside naive and what happened: the newest, oldest first."""
    return looking_back.scored_part(model_id, **query, artifacts=adapters.artifacts())


@blueprint.get("/<string:model_id>/libraries")
@blueprint.response(200, schemas.LibrariesSchema)
@blueprint.alt_response(404, description="There is no such model, or its artifact is missing")
def libraries(model_id: str) -> dict[str, Any]:
    """The versions of the libraries that a model was trained with."""
    return looking_back.libraries(model_id, adapters.artifacts())


@blueprint.post("/<string:model_id>/activate")
@blueprint.response(200, schemas.ModelDetailsSchema)
@blueprint.alt_response(503, description="Its artifact is missing or damaged; nothing has changed")
def activate(model_id: str) -> dict[str, Any]:
    """Make a model the active one of its kind; an archived one is rolled back to."""
    return listing.details(models.activate(model_id, adapters.artifacts(), announce))


@blueprint.get("/<string:model_id>/export")
@blueprint.response(200, {"type": "string", "format": "binary"}, content_type=ARCHIVE_TYPE)
def export(model_id: str) -> Response:
    """The model as one file for `flask models import`."""
    packed = io.BytesIO(archive.export_model(model_id, adapters.artifacts()))
    return send_file(packed, ARCHIVE_TYPE, as_attachment=True, download_name=f"{model_id}.tar")
