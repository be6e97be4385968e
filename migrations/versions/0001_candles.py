"""Candles: one row per ticker, interval and open."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0001"
down_revision = None
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "candles",
        sa.Column("ticker", sa.Text(), nullable=False),
        sa.Column("interval", sa.Text(), nullable=False),
        sa.Column("timestamp", sa.DateTime(timezone=True), nullable=False),
        sa.Column("open", sa.Double(), nullable=False),
        sa.Column("high", sa.Double(), nullable=False),
        sa.Column("low", sa.Double(), nullable=False),
        sa.Column("close", sa.Double(), nullable=False),
        sa.Column("volume", sa.Double(), nullable=False),
        sa.Column("source", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("ticker", "interval", "timestamp", name=op.f("pk_candles")),
        # A finite high keeps NaN out of all four prices: PostgreSQL sorts it above infinity.
        sa.CheckConstraint(
            "low > 0 AND low <= least(open, close) AND high >= greatest(open, close) AND high < 'Infinity'",
            name=op.f("ck_candles_sound_prices"),
        ),
        sa.CheckConstraint("volume >= 0 AND volume < 'Infinity'", name=op.f("ck_candles_sound_volume")),
    )


def downgrade() -> None:
    op.drop_table("candles")
