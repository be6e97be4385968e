"""The Socket.IO messages of market rooms, with the schema of each payload."""

from __future__ import annotations

from server.market import job_schemas
from server.realtime.asyncapi import Message
from server.realtime.rooms import MARKET_JOB, MARKET_UPDATE

MESSAGES = (
    Message("join_market", "receive", job_schemas.MarketRoom, "Join the room of a ticker and interval"),
    Message("leave_market", "receive", job_schemas.MarketRoom, "Leave it"),
    Message("joined_market", "send", job_schemas.JoinedMarket, "The room as it was joined"),
    Message("left_market", "send", job_schemas.LeftMarket, "The room was left"),
    Message(
        MARKET_UPDATE, "send", job_schemas.MarketUpdate, "A live candle, at most four a second; not stored"
    ),
    Message(MARKET_JOB, "send", job_schemas.MarketJobSchema, "A backfill of the series, whole"),
)
