"""what other systems call a rep: facts keep the id as sent beside whom it means"""

from collections.abc import Sequence

import sqlalchemy as sa
from alembic import op

revision: str = "0004"
down_revision: str | None = "0003"
branch_labels: Sequence[str] | None = None
depends_on: Sequence[str] | None = None

FACTS = ("legs", "segments", "conversations", "quotes", "orders")


def upgrade() -> None:
    op.add_column("rep_states", sa.Column("aliases", sa.ARRAY(sa.Text(collation="C"))))
    for table in FACTS:
        op.add_column(table, sa.Column("agent", sa.Text(collation="C")))
        op.execute(f"UPDATE {table} SET agent = rep_id")
    op.execute(
        "UPDATE superseded SET content = content - 'rep_id' "
        "|| jsonb_build_object('agent', content -> 'rep_id') "
        "WHERE kind IN ('call', 'talktime', 'conversation', 'quote', 'order')"
    )
    op.drop_constraint("legs_pkey", "legs")
    op.create_primary_key("legs_pkey", "legs", ["call_id", "agent"])
    op.alter_column("legs", "rep_id", nullable=True)
    for table in FACTS[1:]:
        op.execute(f"UPDATE {table} SET rep_id = '' WHERE voided")
    for table in ("segments", "conversations"):
        op.drop_index(f"{table}_rep_id_day_idx", table)
        op.create_index(f"{table}_rep_id_day_idx", table, ["rep_id", "day"])


def downgrade() -> None:
    for table in ("segments", "conversations"):
        op.drop_index(f"{table}_rep_id_day_idx", table)
        op.create_index(
            f"{table}_rep_id_day_idx",
            table,
            ["rep_id", "day"],
            postgresql_where=sa.text("day IS NOT NULL"),
        )
    for table in FACTS[1:]:
        op.execute(f"UPDATE {table} SET rep_id = agent")
        op.drop_column(table, "agent")
    op.execute("UPDATE legs SET rep_id = agent")
    op.drop_constraint("legs_pkey", "legs")
    op.create_primary_key("legs_pkey", "legs", ["call_id", "rep_id"])
    op.drop_column("legs", "agent")
    op.execute(
        "UPDATE superseded SET content = content - 'agent' "
        "|| jsonb_build_object('rep_id', content -> 'agent') "
        "WHERE kind IN ('call', 'talktime', 'conversation', 'quote', 'order')"
    )
    op.drop_column("rep_states", "aliases")
