"""What ``GET /predictions/performance`` takes and answers."""

from __future__ import annotations

from typing import Any

from marshmallow import Schema, ValidationError, fields, validate, validates_schema
from webargs.fields import DelimitedList

from server.forecasters.contract import MODEL_TYPES
from server.market.candles import INTERVAL_SECONDS
from server.market.moments import Moment
from server.prediction.performance import GROUPS
from server.prediction.predict import LONGEST_HORIZON
from server.prediction.schemas import TICKER


def _number(description: str, **options: Any) -> fields.Float:
    return fields.Float(required=True, allow_none=True, metadata={"description": description}, **options)


def _interval_of(description: str) -> fields.List[Any]:
    return fields.List(fields.Float(), required=True, allow_none=True, metadata={"description": description})


class PerformanceQuery(Schema):
    """Which outcomes count, and how they are put together."""

    group_by = DelimitedList(
        fields.String(validate=validate.OneOf(GROUPS)),
        # A callable: a list as default would be documented as text, in the form in which it is sent.
        load_default=lambda: ["model"],
        metadata={"description": "One or several of model, series and step", "example": "model,step"},
    )
    model_id = fields.String()
    model_type = fields.String(validate=validate.OneOf(MODEL_TYPES))
    ticker = fields.String(validate=TICKER)
    interval = fields.String(validate=validate.OneOf(INTERVAL_SECONDS))
    step = fields.Integer(
        validate=validate.Range(1, LONGEST_HORIZON), metadata={"description": "Candles ahead"}
    )
    start = Moment(data_key="from", metadata={"description": "First open of the candles that were forecast"})
    end = Moment(data_key="to", metadata={"description": "Opens before this time only"})
    include_hindcasts = fields.Boolean(
        load_default=False,
        metadata={"description": "Count forecasts from earlier candles too, even from the model's own data"},
    )

    @validates_schema
    def _to_follows_from(self, data: dict[str, Any], **_: Any) -> None:
        if data.get("start") and data.get("end") and data["end"] <= data["start"]:
            raise ValidationError("must lie after from", "to")


class FiguresSchema(Schema):
    """Figures of one group; an outcome counts once however many asked for its forecast. Null: undefined."""

    model_id = fields.String()
    model_type = fields.String()
    model_version = fields.Integer()
    ticker = fields.String()
    interval = fields.String()
    step = fields.Integer()
    rows = fields.Integer(required=True, metadata={"description": "Scored outcomes"})
    origins = fields.Integer(required=True, metadata={"description": "Different candles forecast from"})
    effective_rows = _number("How many forecasts that do not overlap the rows are worth")
    first = fields.String(required=True, metadata={"description": "Open of the first candle forecast"})
    last = fields.String(required=True, metadata={"description": "Open of the last candle forecast"})
    mae = _number("In quote currency; null over several tickers, as are rmse and skill")
    rmse = _number("In quote currency")
    mape = _number("Percent of the price")
    naive_mae = _number("Of the naive forecast (last close) on the same rows")
    naive_rmse = _number("Of the naive forecast on the same rows")
    naive_mape = _number("Of the naive forecast on the same rows")
    skill = _number("1 - RMSE / RMSE of naive")
    excess_loss = _number("Standard errors by which the squared error lies above that of naive")
    directional_accuracy = _number("Share of forecasts on the side to which the price moved")
    directional_accuracy_interval = _interval_of("95 % interval (Wilson) over the effective rows")
    directional_rows = fields.Integer(required=True, metadata={"description": "Rows that took a side"})
    coverage_80 = _number("Share of outcomes inside the 80 % interval")
    coverage_80_interval = _interval_of("95 % interval (Wilson) over the effective rows")
    mean_width_80 = _number("Cumulative log return")
    interval_score_80 = _number("Winkler score, cumulative log return")
    coverage_95 = _number("Share of outcomes inside the 95 % interval")
    coverage_95_interval = _interval_of("95 % interval (Wilson) over the effective rows")
    mean_width_95 = _number("Cumulative log return")
    interval_score_95 = _number("Winkler score, cumulative log return")


class PerformanceSchema(Schema):
    """What forecasts were worth, group by group; a group without an outcome is not there."""

    group_by = fields.List(fields.String(), required=True)
    include_hindcasts = fields.Boolean(required=True)
    groups = fields.List(fields.Nested(FiguresSchema), required=True)
