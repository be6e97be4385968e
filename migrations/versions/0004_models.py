"""Trained models, the history of which one was active, and the width of their intervals.

Revision ID: 0004
Revises: 0003
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0004"
down_revision = "0003"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "models",
        sa.Column("id", sa.Text(), nullable=False),
        sa.Column("ticker", sa.Text(), nullable=False),
        sa.Column("interval", sa.Text(), nullable=False),
        sa.Column("model_type", sa.Text(), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("status", sa.Text(), nullable=False),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("lookback", sa.Integer(), nullable=False),
        sa.Column("horizon", sa.Integer(), nullable=False),
        sa.Column("spec", postgresql.JSONB(), nullable=False),
        sa.Column("metrics", postgresql.JSONB(), nullable=False),
        sa.Column("baseline", postgresql.JSONB(), nullable=False),
        sa.Column("skill", sa.Float(), nullable=True),
        sa.Column("comparison", postgresql.JSONB(), nullable=True),
        sa.Column("data", postgresql.JSONB(), nullable=False),
        sa.Column("trained_until", sa.DateTime(timezone=True), nullable=False),
        sa.Column("files", postgresql.JSONB(), nullable=False),
        sa.Column("size_bytes", sa.BigInteger(), nullable=False),
        sa.Column("fault", postgresql.JSONB(), nullable=True),
        sa.Column("drift", postgresql.JSONB(), nullable=True),
        sa.Column("created_at", sa.DateTime(timezone=True), server_default=sa.func.now(), nullable=False),
        sa.Column("activated_at", sa.DateTime(timezone=True), nullable=True),
        sa.PrimaryKeyConstraint("id", name="pk_models"),
        sa.UniqueConstraint(
            "ticker", "interval", "model_type", "version", name="uq_models_ticker_interval_model_type_version"
        ),
    )
    op.create_index(
        "ix_models_active",
        "models",
        ["ticker", "interval", "model_type"],
        unique=True,
        postgresql_where=sa.text("status = 'active'"),
    )
    op.create_index("ix_models_created_at", "models", ["created_at"])
    op.create_table(
        "model_activations",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=True), nullable=False),
        sa.Column("ticker", sa.Text(), nullable=False),
        sa.Column("interval", sa.Text(), nullable=False),
        sa.Column("model_type", sa.Text(), nullable=False),
        sa.Column("model_id", sa.Text(), nullable=False),
        sa.Column("previous_model_id", sa.Text(), nullable=True),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("activated_at", sa.DateTime(timezone=True), server_default=sa.func.now(), nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_model_activations"),
    )
    op.create_index(
        "ix_model_activations_kind", "model_activations", ["ticker", "interval", "model_type", "id"]
    )
    op.create_table(
        "model_interval_widths",
        sa.Column("model_id", sa.Text(), nullable=False),
        sa.Column("origin", sa.DateTime(timezone=True), nullable=False),
        sa.Column("factors_80", postgresql.ARRAY(sa.Double()), nullable=False),
        sa.Column("factors_95", postgresql.ARRAY(sa.Double()), nullable=False),
        sa.PrimaryKeyConstraint("model_id", "origin", name="pk_model_interval_widths"),
        sa.ForeignKeyConstraint(
            ["model_id"], ["models.id"], name="fk_model_interval_widths_model_id_models", ondelete="CASCADE"
        ),
    )


def downgrade() -> None:
    op.drop_table("model_interval_widths")
    op.drop_index("ix_model_activations_kind", table_name="model_activations")
    op.drop_table("model_activations")
    op.drop_index("ix_models_created_at", table_name="models")
    op.drop_index("ix_models_active", table_name="models")
    op.drop_table("models")
