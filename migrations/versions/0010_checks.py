"""what the last hourly check found"""

from collections.abc import Sequence

import sqlalchemy as sa
from alembic import op

revision: str = "0010"
down_revision: str | None = "0009"
branch_labels: Sequence[str] | None = None
depends_on: Sequence[str] | None = None


def upgrade() -> None:
    op.create_table(
        "checks",
        sa.Column("id", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("rows", sa.BigInteger(), nullable=False),
        sa.Column("drifted", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("checks_pkey")),
    )


def downgrade() -> None:
    op.drop_table("checks")
