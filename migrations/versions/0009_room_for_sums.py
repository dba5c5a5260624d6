"""room on the pages of the rollups, so that a sum moves where it stands"""

from collections.abc import Sequence

from alembic import op

revision: str = "0009"
down_revision: str | None = "0008"
branch_labels: Sequence[str] | None = None
depends_on: Sequence[str] | None = None


def upgrade() -> None:
    op.execute("ALTER TABLE rep_days SET (fillfactor = 70)")
    op.execute("ALTER TABLE rep_months SET (fillfactor = 50)")


def downgrade() -> None:
    op.execute("ALTER TABLE rep_days RESET (fillfactor)")
    op.execute("ALTER TABLE rep_months RESET (fillfactor)")
