"""how often each day's sums moved, so that what is remembered of a day is exact"""

from collections.abc import Sequence

import sqlalchemy as sa
from alembic import op

revision: str = "0008"
down_revision: str | None = "0007"
branch_labels: Sequence[str] | None = None
depends_on: Sequence[str] | None = None


def upgrade() -> None:
    op.create_table(
        "day_moves",
        sa.Column("day", sa.Date(), nullable=False),
        sa.Column("moves", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("day", name=op.f("day_moves_pkey")),
    )
    op.add_column(
        "versions",
        sa.Column("tracked", sa.BigInteger(), server_default=sa.text("0"), nullable=False),
    )


def downgrade() -> None:
    op.drop_column("versions", "tracked")
    op.drop_table("day_moves")
