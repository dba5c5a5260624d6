"""which record a restatement's event is about, and how it came"""

from collections.abc import Sequence

import sqlalchemy as sa
from alembic import op

revision: str = "0012"
down_revision: str | None = "0011"
branch_labels: Sequence[str] | None = None
depends_on: Sequence[str] | None = None

NAMES = ("kind", "key", "how")


def upgrade() -> None:
    for name in NAMES:
        op.add_column("restatements", sa.Column(name, sa.Text(collation="C"), nullable=True))


def downgrade() -> None:
    for name in reversed(NAMES):
        op.drop_column("restatements", name)
