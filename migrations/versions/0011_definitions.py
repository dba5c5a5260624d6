"""what the figures were worked out by, and a rebuild that is under way"""

from collections.abc import Sequence

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision: str = "0011"
down_revision: str | None = "0010"
branch_labels: Sequence[str] | None = None
depends_on: Sequence[str] | None = None

WORDS = sa.Text(collation="C")


def upgrade() -> None:
    op.create_table(
        "definitions",
        sa.Column("number", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("content", postgresql.JSONB(), nullable=False),
        sa.PrimaryKeyConstraint("number", name=op.f("definitions_pkey")),
    )
    op.create_table(
        "rebuilds",
        sa.Column("id", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("began_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("content", postgresql.JSONB(), nullable=False),
        sa.Column("stage", sa.Integer(), nullable=False),
        sa.Column("done", sa.BigInteger(), nullable=False),
        sa.Column("last", postgresql.ARRAY(WORDS), nullable=True),
        sa.PrimaryKeyConstraint("id", name=op.f("rebuilds_pkey")),
    )
    op.create_table(
        "rebuild_touched",
        sa.Column("id", sa.BigInteger(), autoincrement=True, nullable=False),
        sa.Column("record", WORDS, nullable=False),
        sa.Column("key", postgresql.ARRAY(WORDS), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("rebuild_touched_pkey")),
    )


def downgrade() -> None:
    op.execute("DROP SCHEMA IF EXISTS rebuild CASCADE")
    op.drop_table("rebuild_touched")
    op.drop_table("rebuilds")
    op.drop_table("definitions")
