"""what one event moved of a day is one row of the ledger"""

from collections.abc import Sequence

import sqlalchemy as sa
from alembic import op

revision: str = "0014"
down_revision: str | None = "0013"
branch_labels: Sequence[str] | None = None
depends_on: Sequence[str] | None = None

ARRAYS = (
    ("measures", sa.ARRAY(sa.Text(collation="C"))),
    ("befores", sa.ARRAY(sa.Numeric())),
    ("afters", sa.ARRAY(sa.Numeric())),
)
NAMES = ("{}_pkey", "{}_at_idx", "{}_day_rep_id_idx")
# In the order of the table that was: whoever reads `*` gets what was there before.
VIEW = """
CREATE VIEW restatements AS
SELECT d.id + m.n - 1 AS id, d.rep_id, d.day, m.measure, m.before, m.after, d.at, d.source,
    d.event_id, d.last_day, d.team_before, d.team_after, d.final, d.kind, d.key, d.how
FROM restated_days d CROSS JOIN LATERAL unnest(
    coalesce(d.measures, ARRAY[d.measure]), coalesce(d.befores, ARRAY[d.before]),
    coalesce(d.afters, ARRAY[d.after])) WITH ORDINALITY AS m(measure, before, after, n)
"""
# The version before writes record by record, into what it takes for the table.
TAKE = """
CREATE FUNCTION take_restatement() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    INSERT INTO restated_days (rep_id, day, measure, before, after, at, source, event_id,
        last_day, team_before, team_after, final, kind, key, how)
    VALUES (NEW.rep_id, NEW.day, NEW.measure, NEW.before, NEW.after, NEW.at, NEW.source,
        NEW.event_id, NEW.last_day, NEW.team_before, NEW.team_after, coalesce(NEW.final, true),
        NEW.kind, NEW.key, NEW.how);
    RETURN NEW;
END
$$
"""
TRIGGER = """
CREATE TRIGGER take_restatement INSTEAD OF INSERT ON restatements
FOR EACH ROW EXECUTE FUNCTION take_restatement()
"""
# Whoever may read or write the table may do so through the view.
GRANTS = """
DO $$
DECLARE given record;
BEGIN
    FOR given IN SELECT a.grantee, a.privilege_type FROM pg_class c, aclexplode(c.relacl) a
        WHERE c.oid = 'restated_days'::regclass AND a.grantee <> c.relowner
        AND a.privilege_type IN ('SELECT', 'INSERT')
    LOOP
        EXECUTE format('GRANT %s ON restatements TO %s', given.privilege_type,
            CASE given.grantee WHEN 0 THEN 'PUBLIC' ELSE given.grantee::regrole::text END);
    END LOOP;
END
$$
"""

ONE_BY_ONE = """
WITH several AS (DELETE FROM restated_days WHERE measures IS NOT NULL RETURNING *)
INSERT INTO restated_days (id, rep_id, day, measure, before, after, at, source, event_id, final,
    kind, key, how)
SELECT s.id + m.n - 1, s.rep_id, s.day, m.measure, m.before, m.after, s.at, s.source, s.event_id,
    s.final, s.kind, s.key, s.how
FROM several s CROSS JOIN LATERAL unnest(s.measures, s.befores, s.afters)
    WITH ORDINALITY AS m(measure, before, after, n)
"""


def upgrade() -> None:
    """Nothing stored is rewritten, however much there is."""
    _rename("restatements", "restated_days")
    op.alter_column("restated_days", "measure", existing_type=sa.Text(), nullable=True)
    for name, kind in ARRAYS:
        op.add_column("restated_days", sa.Column(name, kind, nullable=True))
    op.execute("ALTER SEQUENCE restated_days_id_seq INCREMENT BY 1000")
    for statement in (VIEW, TAKE, TRIGGER, GRANTS):
        op.execute(statement)


def downgrade() -> None:
    op.execute("DROP VIEW restatements")
    op.execute("DROP FUNCTION take_restatement")
    op.execute(ONE_BY_ONE)
    op.execute("ALTER SEQUENCE restated_days_id_seq INCREMENT BY 1")
    op.execute("SELECT setval('restated_days_id_seq', (SELECT max(id) FROM restated_days))")
    for name, _ in reversed(ARRAYS):
        op.drop_column("restated_days", name)
    op.alter_column("restated_days", "measure", existing_type=sa.Text(), nullable=False)
    _rename("restated_days", "restatements")


def _rename(old: str, new: str) -> None:
    op.rename_table(old, new)
    op.execute(f"ALTER SEQUENCE {old}_id_seq RENAME TO {new}_id_seq")
    for name in NAMES:
        op.execute(f"ALTER INDEX {name.format(old)} RENAME TO {name.format(new)}")
