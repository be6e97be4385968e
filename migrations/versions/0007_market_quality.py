"""Flags of candles, audits of series, and the list of coins.

Revision ID: 0007
Revises: 0006
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0007"
down_revision = "0006"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "candle_flags",
        sa.Column("ticker", sa.Text(), nullable=False),
        sa.Column("interval", sa.Text(), nullable=False),
        sa.Column("timestamp", sa.DateTime(timezone=True), nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("value", sa.Double(), nullable=False),
        sa.Column("detail", postgresql.JSONB(), nullable=False),
        sa.Column("flagged_at", sa.DateTime(timezone=True), server_default=sa.func.now(), nullable=False),
        sa.PrimaryKeyConstraint("ticker", "interval", "timestamp", "kind", name="pk_candle_flags"),
    )
    op.create_table(
        "series_quality",
        sa.Column("ticker", sa.Text(), nullable=False),
        sa.Column("interval", sa.Text(), nullable=False),
        sa.Column("audit", postgresql.JSONB(), nullable=True),
        sa.Column("comparison", postgresql.JSONB(), nullable=True),
        sa.Column("judged", sa.Boolean(), server_default="true", nullable=False),
        sa.PrimaryKeyConstraint("ticker", "interval", name="pk_series_quality"),
    )
    # The candles of these series were stored before anyone looked at them.
    op.execute(
        "INSERT INTO series_quality (ticker, interval, judged) "
        "SELECT ticker, interval, false FROM series_versions"
    )
    op.create_table(
        "coins",
        sa.Column("coin_id", sa.Text(), nullable=False),
        sa.Column("symbol", sa.Text(), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("market_cap_rank", sa.Integer(), nullable=True),
        sa.Column("market_cap", sa.Double(), nullable=True),
        sa.Column("price", sa.Double(), nullable=True),
        sa.Column("volume_24h", sa.Double(), nullable=True),
        sa.Column("ticker", sa.Text(), nullable=True),
        sa.Column("sources", postgresql.ARRAY(sa.Text()), nullable=False),
        sa.Column("updated_at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("coin_id", name="pk_coins"),
    )
    op.create_index("ix_coins_market_cap_rank", "coins", ["market_cap_rank"])


def downgrade() -> None:
    op.drop_table("coins")
    op.drop_table("series_quality")
    op.drop_table("candle_flags")
