"""Whatever makes mail due wakes the workers on every machine, in its own transaction."""

from alembic import op

revision = "0008"
down_revision = "0007"
branch_labels = None
depends_on = None

FUNCTION = """
    CREATE FUNCTION newsletter_due() RETURNS trigger LANGUAGE plpgsql AS $$
    BEGIN
        NOTIFY newsletter_due;
        RETURN NULL;
    END $$
"""
TRIGGERS = {
    "notice": "AFTER INSERT ON notice FOR EACH STATEMENT",
    "retry": "AFTER INSERT ON retry FOR EACH STATEMENT",
    "issue": "AFTER INSERT OR UPDATE OF state ON issue FOR EACH ROW WHEN (NEW.state = 'sending')",
}


def upgrade() -> None:
    if op.get_bind().dialect.name != "postgresql":
        return
    op.execute(FUNCTION)
    for table, when in TRIGGERS.items():
        op.execute(f"CREATE TRIGGER {table}_due {when} EXECUTE FUNCTION newsletter_due()")


def downgrade() -> None:
    if op.get_bind().dialect.name != "postgresql":
        return
    for table in TRIGGERS:
        op.execute(f"DROP TRIGGER {table}_due ON {table}")
    op.execute("DROP FUNCTION newsletter_due()")
