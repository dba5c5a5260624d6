"""alerts"""

from collections.abc import Sequence

import sqlalchemy as sa
from alembic import op

revision: str = "0002"
down_revision: str | None = "0001"
branch_labels: Sequence[str] | None = None
depends_on: Sequence[str] | None = None


def upgrade() -> None:
    op.create_table(
        "alert_rules",
        sa.Column("id", sa.Text(collation="C"), nullable=False),
        sa.Column("revision", sa.Integer(), nullable=False),
        sa.Column("name", sa.Text(collation="C"), nullable=False),
        sa.Column("kpi", sa.Text(collation="C"), nullable=False),
        sa.Column("team", sa.Text(collation="C"), nullable=True),
        sa.Column("rep_id", sa.Text(collation="C"), nullable=True),
        sa.Column("subjects", sa.Text(collation="C"), nullable=False),
        sa.Column("period", sa.Text(collation="C"), nullable=False),
        sa.Column("operator", sa.Text(collation="C"), nullable=False),
        sa.Column("threshold", sa.Numeric(), nullable=False),
        sa.Column("recover_at", sa.Numeric(), nullable=True),
        sa.Column("check", sa.Text(collation="C"), nullable=False),
        sa.Column("at", sa.Time(), nullable=True),
        sa.Column("for_seconds", sa.Integer(), nullable=False),
        sa.Column("min_sample", sa.Numeric(), nullable=True),
        sa.Column("severity", sa.Text(collation="C"), nullable=False),
        sa.Column("enabled", sa.Boolean(), nullable=False),
        sa.Column("since", sa.DateTime(timezone=True), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("deleted_at", sa.DateTime(timezone=True), nullable=True),
        sa.PrimaryKeyConstraint("id", name=op.f("alert_rules_pkey")),
    )
    op.create_table(
        "alert_sinks",
        sa.Column("id", sa.Text(collation="C"), nullable=False),
        sa.Column("name", sa.Text(collation="C"), nullable=False),
        sa.Column("url", sa.Text(collation="C"), nullable=False),
        sa.Column("secret", sa.Text(collation="C"), nullable=False),
        sa.Column("enabled", sa.Boolean(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("alert_sinks_pkey")),
    )
    op.create_table(
        "alert_watch",
        sa.Column("id", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("ingest", sa.BigInteger(), nullable=False),
        sa.Column("next_at", sa.DateTime(timezone=True), nullable=True),
        sa.PrimaryKeyConstraint("id", name=op.f("alert_watch_pkey")),
    )
    op.create_table(
        "alerts",
        sa.Column("id", sa.BigInteger(), autoincrement=True, nullable=False),
        sa.Column("rule_id", sa.Text(collation="C"), nullable=False),
        sa.Column("revision", sa.Integer(), nullable=False),
        sa.Column("rule_name", sa.Text(collation="C"), nullable=False),
        sa.Column("severity", sa.Text(collation="C"), nullable=False),
        sa.Column("kpi", sa.Text(collation="C"), nullable=False),
        sa.Column("operator", sa.Text(collation="C"), nullable=False),
        sa.Column("threshold", sa.Numeric(), nullable=False),
        sa.Column("recover_at", sa.Numeric(), nullable=True),
        sa.Column("subject_kind", sa.Text(collation="C"), nullable=False),
        sa.Column("subject", sa.Text(collation="C"), nullable=False),
        sa.Column("name", sa.Text(collation="C"), nullable=True),
        sa.Column("team", sa.Text(collation="C"), nullable=True),
        sa.Column("period", sa.Text(collation="C"), nullable=False),
        sa.Column("period_start", sa.Date(), nullable=False),
        sa.Column("period_end", sa.Date(), nullable=False),
        sa.Column("time_zone", sa.Text(collation="C"), nullable=False),
        sa.Column("state", sa.Text(collation="C"), nullable=False),
        sa.Column("reason", sa.Text(collation="C"), nullable=False),
        sa.Column("since", sa.DateTime(timezone=True), nullable=False),
        sa.Column("value", sa.Numeric(), nullable=True),
        sa.Column("denominator", sa.Numeric(), nullable=True),
        sa.Column("pending_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("firing_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("resolved_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("acknowledged_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("acknowledged_by", sa.Text(collation="C"), nullable=True),
        sa.ForeignKeyConstraint(["rule_id"], ["alert_rules.id"], name=op.f("alerts_rule_id_fkey")),
        sa.PrimaryKeyConstraint("id", name=op.f("alerts_pkey")),
        sa.UniqueConstraint(
            "rule_id",
            "revision",
            "subject_kind",
            "subject",
            "period_start",
            name=op.f("alerts_one_key"),
        ),
    )
    op.create_index(op.f("alerts_period_end_idx"), "alerts", ["period_end"], unique=False)
    op.create_index(
        op.f("alerts_rule_id_revision_idx"),
        "alerts",
        ["rule_id", "revision"],
        unique=False,
        postgresql_where=sa.text("state <> 'resolved'"),
    )
    op.create_index(op.f("alerts_team_idx"), "alerts", ["team"], unique=False)
    op.create_table(
        "alert_history",
        sa.Column("id", sa.BigInteger(), autoincrement=True, nullable=False),
        sa.Column("alert_id", sa.BigInteger(), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("was", sa.Text(collation="C"), nullable=True),
        sa.Column("state", sa.Text(collation="C"), nullable=False),
        sa.Column("reason", sa.Text(collation="C"), nullable=False),
        sa.Column("value", sa.Numeric(), nullable=True),
        sa.Column("denominator", sa.Numeric(), nullable=True),
        sa.Column("threshold", sa.Numeric(), nullable=False),
        sa.Column("by", sa.Text(collation="C"), nullable=True),
        sa.ForeignKeyConstraint(
            ["alert_id"], ["alerts.id"], name=op.f("alert_history_alert_id_fkey")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("alert_history_pkey")),
    )
    op.create_index(op.f("alert_history_alert_id_idx"), "alert_history", ["alert_id"], unique=False)
    op.create_table(
        "notices",
        sa.Column("seq", sa.BigInteger(), autoincrement=True, nullable=False),
        sa.Column("id", sa.Text(collation="C"), nullable=False),
        sa.Column("sink_id", sa.Text(collation="C"), nullable=False),
        sa.Column("alert_id", sa.BigInteger(), nullable=True),
        sa.Column("body", sa.Text(collation="C"), nullable=False),
        sa.Column("state", sa.Text(collation="C"), nullable=False),
        sa.Column("attempts", sa.Integer(), nullable=False),
        sa.Column("next_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("error", sa.Text(collation="C"), nullable=True),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("sent_at", sa.DateTime(timezone=True), nullable=True),
        sa.ForeignKeyConstraint(["alert_id"], ["alerts.id"], name=op.f("notices_alert_id_fkey")),
        sa.ForeignKeyConstraint(
            ["sink_id"], ["alert_sinks.id"], name=op.f("notices_sink_id_fkey"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("seq", name=op.f("notices_pkey")),
        sa.UniqueConstraint("sink_id", "id", name=op.f("notices_sink_id_id_key")),
    )
    op.create_index(
        op.f("notices_alert_id_sink_id_idx"),
        "notices",
        ["alert_id", "sink_id"],
        unique=False,
        postgresql_where=sa.text("state = 'waiting'"),
    )
    op.create_index(op.f("notices_sent_at_idx"), "notices", ["sent_at"], unique=False)
    op.create_index(
        op.f("notices_sink_id_next_at_idx"),
        "notices",
        ["sink_id", "next_at"],
        unique=False,
        postgresql_where=sa.text("state = 'waiting'"),
    )


def downgrade() -> None:
    op.drop_index(
        op.f("notices_sink_id_next_at_idx"),
        table_name="notices",
        postgresql_where=sa.text("state = 'waiting'"),
    )
    op.drop_index(op.f("notices_sent_at_idx"), table_name="notices")
    op.drop_index(
        op.f("notices_alert_id_sink_id_idx"),
        table_name="notices",
        postgresql_where=sa.text("state = 'waiting'"),
    )
    op.drop_table("notices")
    op.drop_index(op.f("alert_history_alert_id_idx"), table_name="alert_history")
    op.drop_table("alert_history")
    op.drop_index(op.f("alerts_team_idx"), table_name="alerts")
    op.drop_index(
        op.f("alerts_rule_id_revision_idx"),
        table_name="alerts",
        postgresql_where=sa.text("state <> 'resolved'"),
    )
    op.drop_index(op.f("alerts_period_end_idx"), table_name="alerts")
    op.drop_table("alerts")
    op.drop_table("alert_watch")
    op.drop_table("alert_sinks")
    op.drop_table("alert_rules")
