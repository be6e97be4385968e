"""What the calls for the quality of series and for coins take and answer."""

from __future__ import annotations

from typing import Any

from marshmallow import Schema, fields, validate

from server.market.candles import INTERVAL_SECONDS
from server.market.flagging import FLAG_KINDS


def _about(description: str, **more: Any) -> dict[str, Any]:
    return {"description": description, **more}


def _stamp(description: str, **options: Any) -> fields.String:
    return fields.String(required=True, metadata=_about(description, format="date-time"), **options)


def _count(description: str, **options: Any) -> fields.Integer:
    return fields.Integer(required=True, metadata=_about(description), **options)


class SourceShare(Schema):
    """What a source has to do with a series."""

    source = fields.String(
        required=True, metadata=_about("As rows are marked; `:flat` ends that of filled ones")
    )
    rows = _count("Candles of it")
    share = fields.Float(required=True, metadata=_about("Of all candles of the series, 0 to 1"))


class FreshnessSchema(Schema):
    """How old the newest candle is."""

    newest = _stamp("Open of the newest candle")
    closed = _stamp("When that candle ended")
    overdue = _count("Candles that have ended since then and are not stored")


class FlagSchema(Schema):
    """A candle to be looked at."""

    timestamp = _stamp("Open of the candle")
    kind = fields.String(required=True, validate=validate.OneOf(list(FLAG_KINDS)))
    meaning = fields.String(required=True, metadata=_about("The kind in words"))
    value = fields.Float(
        required=True,
        metadata=_about("`jump` and `wick`: deviations; `deviates`: relative difference, 0.02 is 2 %"),
    )
    detail = fields.Dict(required=True, metadata=_about("The numbers that the value was made of"))
    flagged_at = _stamp("When it was flagged")


class FlagCounts(Schema):
    """How many flags there are of each kind; null: nobody has looked for them yet."""

    jump, wick, deviates = (_count(FLAG_KINDS[kind], allow_none=True) for kind in FLAG_KINDS)


class FlagsSchema(Schema):
    """The flags of a series."""

    counts = fields.Nested(FlagCounts, required=True)
    newest = fields.List(
        fields.Nested(FlagSchema), required=True, metadata=_about("The last ones, by the candles' time")
    )


class AuditSchema(Schema):
    """What the last audit found, when all candles were judged anew."""

    audited_at = _stamp("When it was")
    rows = _count("Candles then")
    gaps = _count("Gaps then")
    missing = _count("Candles missing then")
    flat = _count("Candles filled flat then")
    flags = _count("Flags then")


class SecondSourceSchema(Schema):
    """The newest closes beside those of a second exchange."""

    compared_at = _stamp("When it was")
    source = fields.String(required=True, metadata=_about("The second exchange, and its market where named"))
    candles = _count("Candles that both have")
    first = _stamp("Open of the first of them")
    last = _stamp("Open of the last of them")
    median = fields.Float(required=True, metadata=_about("Median relative difference, 0.01 is 1 %"))
    largest = fields.Float(required=True, metadata=_about("Largest relative difference"))
    tolerance = fields.Float(required=True, metadata=_about("Above which a candle was flagged"))
    beyond = _count("Candles above it")


class QualitySchema(Schema):
    """How good a series is."""

    ticker = fields.String(required=True, metadata=_about("BASE-QUOTE in upper case", example="BTC-USD"))
    interval = fields.String(required=True, validate=validate.OneOf(list(INTERVAL_SECONDS)))
    rows = _count("Candles stored")
    gaps = _count("Gaps between the first and the last")
    missing = _count("Candles missing in them")
    flat = _count("Candles filled flat for short times without trades")
    sources = fields.List(
        fields.Nested(SourceShare), required=True, metadata=_about("The largest share first")
    )
    freshness = fields.Nested(FreshnessSchema, required=True)
    flags = fields.Nested(FlagsSchema, required=True)
    audit = fields.Nested(
        AuditSchema, required=True, allow_none=True, metadata=_about("Null before the first")
    )
    comparison = fields.Nested(
        SecondSourceSchema, required=True, allow_none=True, metadata=_about("Null: never compared")
    )


class CoinsQuery(Schema):
    """Which coins."""

    search = fields.String(
        load_default=None,
        validate=validate.Length(min=1, max=100),
        metadata=_about("Part of a name, symbol or id, in any case", example="bit"),
    )
    tradable = fields.Boolean(load_default=False, metadata=_about("Those only that have a ticker"))
    page = fields.Integer(load_default=1, validate=validate.Range(1, 1_000_000))
    page_size = fields.Integer(load_default=50, validate=validate.Range(1, 250))


class CoinSchema(Schema):
    """One coin; amounts in USD, null where nobody knows."""

    coin_id = fields.String(required=True)
    symbol = fields.String(required=True)
    name = fields.String(required=True)
    market_cap_rank = _count("Null: no longer among those asked for", allow_none=True)
    market_cap = fields.Float(required=True, allow_none=True)
    price = fields.Float(required=True, allow_none=True)
    volume_24h = fields.Float(required=True, allow_none=True)
    ticker = fields.String(
        required=True,
        allow_none=True,
        metadata=_about("How to ask for it; null: no configured exchange has it"),
    )
    sources = fields.List(
        fields.String(), required=True, metadata=_about("Configured exchanges that trade it")
    )
    updated_at = _stamp("When it was last in the list")


class CoinsSchema(Schema):
    """One page of coins."""

    coins = fields.List(fields.Nested(CoinSchema), required=True)
    total = _count("Coins that match in all")
    page = _count("This page, from 1")
    page_size = _count("Coins a page")
