"""What changed in a series of candles, and which series are followed.

Revision ID: 0003
Revises: 0002
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0003"
down_revision = "0002"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "series_versions",
        sa.Column("ticker", sa.Text(), nullable=False),
        sa.Column("interval", sa.Text(), nullable=False),
        sa.Column("version", sa.BigInteger(), nullable=False),
        sa.Column("oldest", sa.DateTime(timezone=True), nullable=False),
        sa.Column("newest", sa.DateTime(timezone=True), nullable=False),
        sa.Column("rows", sa.BigInteger(), nullable=False),
        sa.Column("sources", postgresql.ARRAY(sa.Text()), nullable=False),
        sa.PrimaryKeyConstraint("ticker", "interval", name="pk_series_versions"),
    )
    op.execute(
        "INSERT INTO series_versions (ticker, interval, version, oldest, newest, rows, sources) "
        "SELECT ticker, interval, 1, min(timestamp), max(timestamp), count(*), "
        "array_agg(DISTINCT source ORDER BY source) FROM candles GROUP BY ticker, interval"
    )
    op.create_table(
        "followed_series",
        sa.Column("ticker", sa.Text(), nullable=False),
        sa.Column("interval", sa.Text(), nullable=False),
        sa.Column("since", sa.DateTime(timezone=True), server_default=sa.func.now(), nullable=False),
        sa.PrimaryKeyConstraint("ticker", "interval", name="pk_followed_series"),
    )


def downgrade() -> None:
    op.drop_table("followed_series")
    op.drop_table("series_versions")
