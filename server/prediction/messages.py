"""The Socket.IO messages of prediction rooms, with the schema of each payload."""

from __future__ import annotations

from server.prediction import socket_schemas
from server.realtime.asyncapi import Message
from server.realtime.rooms import PREDICTION_UPDATE

MESSAGES = (
    Message(
        "join_prediction",
        "receive",
        socket_schemas.JoinPrediction,
        "Join the room of a request, even before it is made, or of a ticker and interval",
    ),
    Message("leave_prediction", "receive", socket_schemas.LeavePrediction, "Leave such a room"),
    Message("joined_prediction", "send", socket_schemas.JoinedPrediction, "The room as it was joined"),
    Message("left_prediction", "send", socket_schemas.LeftPrediction, "The room was left"),
    Message(PREDICTION_UPDATE, "send", socket_schemas.PredictionUpdate, "A stored, numbered event of a room"),
    *(
        Message(
            f"{PREDICTION_UPDATE}.{kind}",
            "send",
            schema,
            f"`data` of a `{PREDICTION_UPDATE}` of type `{kind}`",
        )
        for kind, schema in socket_schemas.DATA_SCHEMAS.items()
    ),
)
