"""dead letters that are discarded, or have lost their bytes"""

from collections.abc import Sequence

import sqlalchemy as sa
from alembic import op

revision: str = "0006"
down_revision: str | None = "0005"
branch_labels: Sequence[str] | None = None
depends_on: Sequence[str] | None = None


def upgrade() -> None:
    op.add_column("dead_letters", sa.Column("discarded_at", sa.DateTime(timezone=True)))
    op.add_column("dead_letters", sa.Column("emptied_at", sa.DateTime(timezone=True)))
    op.create_index(op.f("dead_letters_code_source_idx"), "dead_letters", ["code", "source"])
    op.create_index(
        "dead_letters_waiting_idx",
        "dead_letters",
        ["id"],
        postgresql_where=sa.text("replayed_at IS NULL AND discarded_at IS NULL"),
    )
    op.create_index(
        "dead_letters_bytes_idx",
        "dead_letters",
        ["received_at"],
        postgresql_where=sa.text("emptied_at IS NULL"),
    )


def downgrade() -> None:
    op.drop_index("dead_letters_bytes_idx", table_name="dead_letters")
    op.drop_index("dead_letters_waiting_idx", table_name="dead_letters")
    op.drop_index(op.f("dead_letters_code_source_idx"), table_name="dead_letters")
    op.drop_column("dead_letters", "emptied_at")
    op.drop_column("dead_letters", "discarded_at")
