"""objects of vendors that have to be read again"""

from collections.abc import Sequence

import sqlalchemy as sa
from alembic import op

revision: str = "0005"
down_revision: str | None = "0004"
branch_labels: Sequence[str] | None = None
depends_on: Sequence[str] | None = None


def upgrade() -> None:
    op.create_table(
        "object_reads",
        sa.Column("source", sa.Text(collation="C"), nullable=False),
        sa.Column("kind", sa.Text(collation="C"), nullable=False),
        sa.Column("key", sa.Text(collation="C"), nullable=False),
        sa.Column("changed_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("noted_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("notes", sa.BigInteger(), nullable=False),
        sa.Column("attempts", sa.Integer(), nullable=False),
        sa.Column("next_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("error", sa.Text(collation="C"), nullable=True),
        sa.PrimaryKeyConstraint("source", "kind", "key", name=op.f("object_reads_pkey")),
    )
    op.create_index(op.f("object_reads_source_next_at_idx"), "object_reads", ["source", "next_at"])


def downgrade() -> None:
    op.drop_table("object_reads")
