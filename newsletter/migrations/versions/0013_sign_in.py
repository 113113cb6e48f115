"""Who did what: the audit log, to which rows are added and never changed."""

import sqlalchemy as sa
from alembic import op

revision = "0013"
down_revision = "0010"
branch_labels = None
depends_on = None

BIG = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
MOMENT = sa.DateTime(timezone=True)
ONLY_ADDED = "The audit log is only added to."


def upgrade() -> None:
    op.create_table(
        "audit_entry",
        sa.Column("number", BIG, autoincrement=False, nullable=False),
        sa.Column("at", MOMENT, nullable=False),
        sa.Column("who", sa.String(320), nullable=False),
        sa.Column("origin", sa.String(200), nullable=False),
        sa.Column("action", sa.String(100), nullable=False),
        sa.Column("target", sa.String(300), nullable=False),
        sa.Column("changes", sa.Text(), nullable=False),
        sa.Column("previous", sa.String(32), nullable=False),
        sa.Column("hash", sa.String(32), nullable=False),
        sa.PrimaryKeyConstraint("number", name="pk_audit_entry"),
        sa.UniqueConstraint("hash", name="uq_audit_entry_hash"),
    )
    op.create_index("ix_audit_entry_who", "audit_entry", ["who"])
    _refuse_changes(op.get_bind().dialect.name)


def downgrade() -> None:
    op.drop_table("audit_entry")
    if op.get_bind().dialect.name == "postgresql":
        op.execute("DROP FUNCTION audit_entry_is_only_added_to()")


def _refuse_changes(dialect: str) -> None:
    """By triggers, which a statement that got in by an injection meets, too."""
    if dialect == "sqlite":
        for what in ("UPDATE", "DELETE"):
            op.execute(
                f"CREATE TRIGGER audit_entry_no_{what.lower()} BEFORE {what} ON audit_entry"
                f" BEGIN SELECT RAISE(ABORT, '{ONLY_ADDED}'); END"
            )
        return
    op.execute(
        "CREATE FUNCTION audit_entry_is_only_added_to() RETURNS trigger LANGUAGE plpgsql AS"
        f" $$ BEGIN RAISE EXCEPTION '{ONLY_ADDED}'; END $$"
    )
    for when in ("UPDATE OR DELETE ON audit_entry FOR EACH ROW", "TRUNCATE ON audit_entry"):
        name = "audit_entry_no_change" if "ROW" in when else "audit_entry_no_truncate"
        op.execute(
            f"CREATE TRIGGER {name} BEFORE {when} EXECUTE FUNCTION audit_entry_is_only_added_to()"
        )
