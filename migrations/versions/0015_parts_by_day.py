"""what was counted once is looked up by its day, as the past is asked"""

from collections.abc import Sequence

from alembic import op

revision: str = "0015"
down_revision: str | None = "0014"
branch_labels: Sequence[str] | None = None
depends_on: Sequence[str] | None = None

BY_DAY = "restated_parts_day_rep_id_idx"
BY_MOMENT = "restated_parts_at_idx"


def upgrade() -> None:
    _index(BY_DAY, ["day", "rep_id"], instead_of=BY_MOMENT)


def downgrade() -> None:
    _index(BY_MOMENT, ["at"], instead_of=BY_DAY)


def _index(name: str, columns: Sequence[str], *, instead_of: str) -> None:
    """Build it beside the old one, while facts come in; what a broken build left goes."""
    with op.get_context().autocommit_block():
        op.execute(f"DROP INDEX CONCURRENTLY IF EXISTS {name}")
        op.create_index(name, "restated_parts", list(columns), postgresql_concurrently=True)
        op.execute(f"DROP INDEX CONCURRENTLY IF EXISTS {instead_of}")
