"""The Socket.IO messages of training rooms, with the schema of each payload."""

from __future__ import annotations

from server.realtime.asyncapi import Message
from server.realtime.rooms import ERROR_UPDATE, TRAINING_PROGRESS, TRAINING_UPDATE
from server.training import schemas, socket_schemas

MESSAGES = (
    Message(
        "join_training", "receive", socket_schemas.JoinTraining, "Join a session's room, replaying its log"
    ),
    Message("leave_training", "receive", socket_schemas.LeaveTraining, "Leave a session's room"),
    Message(
        "joined_training", "send", socket_schemas.JoinedTraining, "The snapshot at the moment of joining"
    ),
    Message("left_training", "send", socket_schemas.LeftTraining, "The room was left"),
    Message(TRAINING_UPDATE, "send", schemas.TrainingUpdate, "A stored, numbered event of a session"),
    Message(
        TRAINING_PROGRESS, "send", socket_schemas.TrainingProgress, "How far the running epoch is; not stored"
    ),
    Message(ERROR_UPDATE, "send", socket_schemas.ErrorUpdate, "A session failed, or a message was refused"),
    *(
        Message(
            f"{TRAINING_UPDATE}.{kind}", "send", schema, f"`data` of a `{TRAINING_UPDATE}` of type `{kind}`"
        )
        for kind, schema in socket_schemas.DATA_SCHEMAS.items()
    ),
)
