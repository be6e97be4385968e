"""What comes in and goes out of training rooms."""

from __future__ import annotations

from marshmallow import EXCLUDE, Schema, fields, validate

from server.registry.tables import STATUSES as MODEL_STATUSES
from server.training.events import STAGES
from server.training.schemas import SESSION_ID, FailureSchema, SessionSchema


class QueuedData(Schema):
    """``data`` of ``queued``."""

    queue_position = fields.Integer(required=True)


class StartedData(Schema):
    """``data`` of ``started``."""

    attempt = fields.Integer(required=True)
    worker = fields.String(required=True)
    resumed_from_epoch = fields.Integer()


class StageData(Schema):
    """``data`` of ``stage``; some stages add what they found."""

    class Meta:
        unknown = EXCLUDE

    stage = fields.String(required=True, validate=validate.OneOf(STAGES))


class EpochData(Schema):
    """``data`` of ``epoch``. Times in seconds."""

    epoch = fields.Integer(required=True)
    total_epochs = fields.Integer(required=True)
    loss = fields.Float(required=True)
    val_loss = fields.Float(required=True)
    mae = fields.Float(required=True)
    val_mae = fields.Float(required=True)
    learning_rate = fields.Float(required=True)
    seconds = fields.Float(required=True)
    eta_seconds = fields.Float(required=True)


class EvaluatedData(Schema):
    """``data`` of ``evaluated``: the model's metrics beside those of the naive forecast."""

    metrics = fields.Dict(required=True)
    baseline = fields.Dict(required=True)


class RegisteredModel(Schema):
    """How a run's model was registered."""

    version = fields.Integer(required=True)
    status = fields.String(required=True, validate=validate.OneOf(MODEL_STATUSES))
    reason = fields.String(required=True)


class CompletedData(EvaluatedData):
    """``data`` of ``completed``."""

    model_id = fields.String(required=True)
    epochs = fields.Integer(required=True)
    best_epoch = fields.Integer(required=True)
    model = fields.Nested(RegisteredModel, required=True)


class CancelledData(Schema):
    """``data`` of ``cancelled``."""

    epoch = fields.Integer(required=True)


class RequeuedData(Schema):
    """``data`` of ``requeued``: why the run waits again and from where it will go on."""

    reason = fields.String(required=True, validate=validate.OneOf(("worker_lost", "worker_shutdown")))
    attempt = fields.Integer(required=True)
    epoch = fields.Integer(required=True)


DATA_SCHEMAS: dict[str, type[Schema]] = {
    "queued": QueuedData,
    "started": StartedData,
    "stage": StageData,
    "epoch": EpochData,
    "evaluated": EvaluatedData,
    "completed": CompletedData,
    "failed": FailureSchema,
    "cancelled": CancelledData,
    "requeued": RequeuedData,
}


class TrainingProgress(Schema):
    """``training_progress``: how far the running epoch is. Throttled, not stored, not numbered."""

    session_id = fields.String(required=True)
    epoch = fields.Integer(required=True)
    total_epochs = fields.Integer(required=True)
    batch = fields.Integer(required=True)
    batches = fields.Integer(required=True)
    loss = fields.Float(required=True, allow_none=True)
    progress = fields.Float(required=True)
    timestamp = fields.String(required=True)


class ErrorUpdate(Schema):
    """``error_update``: a failed session, or a message of this client that could not be handled."""

    session_id = fields.String(required=True, allow_none=True)
    error_code = fields.String(required=True)
    message = fields.String(required=True)
    details = fields.Dict()


class JoinTraining(Schema):
    """``join_training``: events after ``after`` are replayed, then live ones follow."""

    session_id = fields.String(required=True, validate=SESSION_ID)
    after = fields.Integer(strict=True, load_default=0, validate=validate.Range(min=0))


class LeaveTraining(Schema):
    """``leave_training``."""

    session_id = fields.String(required=True, validate=SESSION_ID)


class JoinedTraining(Schema):
    """``joined_training``: the snapshot at the moment of joining."""

    session = fields.Nested(SessionSchema, required=True)
    last_seq = fields.Integer(required=True)
    session_id = fields.String(required=True)
    room = fields.String(required=True)


class LeftTraining(Schema):
    """``left_training``."""

    session_id = fields.String(required=True)
    room = fields.String(required=True)
