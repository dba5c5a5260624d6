"""the ledger of restatements tells all of the past"""

from collections.abc import Sequence

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision: str = "0007"
down_revision: str | None = "0006"
branch_labels: Sequence[str] | None = None
depends_on: Sequence[str] | None = None

WORDS = sa.Text(collation="C")


def upgrade() -> None:
    for name in ("before", "after"):
        op.alter_column("restatements", name, existing_type=sa.Numeric(), nullable=True)
    op.add_column("restatements", sa.Column("last_day", sa.Date(), nullable=True))
    op.add_column("restatements", sa.Column("team_before", WORDS, nullable=True))
    op.add_column("restatements", sa.Column("team_after", WORDS, nullable=True))
    op.add_column(
        "restatements",
        sa.Column("final", sa.Boolean(), server_default=sa.text("true"), nullable=False),
    )
    op.create_table(
        "restated_parts",
        sa.Column("id", sa.BigInteger(), autoincrement=True, nullable=False),
        sa.Column("kind", WORDS, nullable=False),
        sa.Column("rep_id", WORDS, nullable=False),
        sa.Column("day", sa.Date(), nullable=False),
        sa.Column("part", WORDS, nullable=False),
        sa.Column("agent", WORDS, nullable=False),
        sa.Column("was", sa.Boolean(), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("restated_parts_pkey")),
    )
    op.create_index(op.f("restated_parts_at_idx"), "restated_parts", ["at"])
    op.create_table(
        "directory_changes",
        sa.Column("id", sa.BigInteger(), autoincrement=True, nullable=False),
        sa.Column("kind", WORDS, nullable=False),
        sa.Column("rep_id", WORDS, nullable=False),
        sa.Column("day", sa.Date(), nullable=False),
        sa.Column("was", postgresql.JSONB(), nullable=True),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("directory_changes_pkey")),
    )
    op.create_index(op.f("directory_changes_at_idx"), "directory_changes", ["at"])


def downgrade() -> None:
    op.drop_table("directory_changes")
    op.drop_table("restated_parts")
    # What the version before cannot say goes; what it can, stays.
    op.execute("DELETE FROM restatements WHERE before IS NULL OR last_day IS NOT NULL OR NOT final")
    for name in ("final", "team_after", "team_before", "last_day"):
        op.drop_column("restatements", name)
    for name in ("before", "after"):
        op.alter_column("restatements", name, existing_type=sa.Numeric(), nullable=False)
