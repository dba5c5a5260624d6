"""what a pair did before, from the index alone"""

from collections.abc import Sequence

import sqlalchemy as sa
from alembic import op

revision: str = "0013"
down_revision: str | None = "0012"
branch_labels: Sequence[str] | None = None
depends_on: Sequence[str] | None = None

NAME = "legs_party_rep_id_started_at_idx"
BEFORE = "legs_party_before_idx"


def upgrade() -> None:
    _make_again(include=("marks",))


def downgrade() -> None:
    _make_again(include=())


def _make_again(include: Sequence[str]) -> None:
    """Build the index beside the old one, while facts come in; what a broken build left goes."""
    with op.get_context().autocommit_block():
        op.execute(f"DROP INDEX CONCURRENTLY IF EXISTS {BEFORE}")
        op.execute(f"ALTER INDEX IF EXISTS {NAME} RENAME TO {BEFORE}")
        op.create_index(
            NAME, "legs", ["party", "rep_id", "started_at"],
            postgresql_where=sa.text("party IS NOT NULL"),
            postgresql_include=include,
            postgresql_concurrently=True,
        )  # fmt: skip
        op.execute(f"DROP INDEX CONCURRENTLY IF EXISTS {BEFORE}")
