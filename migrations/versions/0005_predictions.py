"""Forecasts, their steps, and the numbered events of their rooms.

Revision ID: 0005
Revises: 0004
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0005"
down_revision = "0004"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "predictions",
        sa.Column("request_id", sa.Text(), nullable=False),
        sa.Column("ticker", sa.Text(), nullable=False),
        sa.Column("interval", sa.Text(), nullable=False),
        sa.Column("model_id", sa.Text(), nullable=False),
        sa.Column("model_type", sa.Text(), nullable=False),
        sa.Column("model_version", sa.Integer(), nullable=False),
        sa.Column("trigger", sa.Text(), nullable=False),
        sa.Column("live", sa.Boolean(), nullable=False),
        sa.Column("origin", sa.DateTime(timezone=True), nullable=False),
        sa.Column("origin_close", sa.Double(), nullable=False),
        sa.Column("horizon", sa.Integer(), nullable=False),
        sa.Column("settled_steps", sa.Integer(), server_default="0", nullable=False),
        sa.Column("requested", postgresql.JSONB(), nullable=False),
        sa.Column("warnings", postgresql.JSONB(), nullable=False),
        sa.Column("last_seq", sa.Integer(), server_default="0", nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), server_default=sa.func.now(), nullable=False),
        sa.PrimaryKeyConstraint("request_id", name="pk_predictions"),
    )
    op.create_index("ix_predictions_series", "predictions", ["ticker", "interval", "origin"])
    op.create_index("ix_predictions_model", "predictions", ["model_id", "origin"])
    op.create_index("ix_predictions_created_at", "predictions", ["created_at"])
    op.create_index(
        "ix_predictions_open",
        "predictions",
        ["ticker", "interval"],
        postgresql_where=sa.text("settled_steps < horizon"),
    )
    op.create_table(
        "prediction_steps",
        sa.Column("request_id", sa.Text(), nullable=False),
        sa.Column("step", sa.Integer(), nullable=False),
        sa.Column("target_time", sa.DateTime(timezone=True), nullable=False),
        *(
            sa.Column(name, sa.Double(), nullable=False)
            for name in ("price", "lower_80", "upper_80", "lower_95", "upper_95")
        ),
        sa.Column("confidence", sa.Double(), nullable=True),
        sa.Column("naive_price", sa.Double(), nullable=False),
        sa.Column("actual", sa.Double(), nullable=True),
        sa.Column("error", sa.Double(), nullable=True),
        sa.PrimaryKeyConstraint("request_id", "step", name="pk_prediction_steps"),
        sa.ForeignKeyConstraint(
            ["request_id"],
            ["predictions.request_id"],
            name="fk_prediction_steps_request_id_predictions",
            ondelete="CASCADE",
        ),
    )
    op.create_table(
        "prediction_logs",
        sa.Column("ticker", sa.Text(), nullable=False),
        sa.Column("interval", sa.Text(), nullable=False),
        sa.Column("last_seq", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("ticker", "interval", name="pk_prediction_logs"),
    )
    op.create_table(
        "prediction_events",
        sa.Column("ticker", sa.Text(), nullable=False),
        sa.Column("interval", sa.Text(), nullable=False),
        sa.Column("seq", sa.BigInteger(), nullable=False),
        sa.Column("request_id", sa.Text(), nullable=True),
        sa.Column("request_seq", sa.Integer(), nullable=True),
        sa.Column("type", sa.Text(), nullable=False),
        sa.Column("timestamp", sa.DateTime(timezone=True), nullable=False),
        sa.Column("data", postgresql.JSONB(), nullable=False),
        sa.PrimaryKeyConstraint("ticker", "interval", "seq", name="pk_prediction_events"),
    )
    op.create_index(
        "ix_prediction_events_request",
        "prediction_events",
        ["request_id", "request_seq"],
        unique=True,
        postgresql_where=sa.text("request_id IS NOT NULL"),
    )


def downgrade() -> None:
    op.drop_index("ix_prediction_events_request", table_name="prediction_events")
    op.drop_table("prediction_events")
    op.drop_table("prediction_logs")
    op.drop_table("prediction_steps")
    for name in ("open", "created_at", "model", "series"):
        op.drop_index(f"ix_predictions_{name}", table_name="predictions")
    op.drop_table("predictions")
