"""What is published can be withdrawn, files that nothing has go, and titles have more room."""

import sqlalchemy as sa
from alembic import op
from alembic.operations import BatchOperations

revision = "0016"
down_revision = "0015"
branch_labels = None
depends_on = None

BIG = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
MOMENT = sa.DateTime(timezone=True)
STATES = ("draft", "published")


def upgrade() -> None:
    with op.batch_alter_table("version") as version:
        version.alter_column("title", existing_type=sa.String(50), type_=sa.String(80))
        _allow(version, *STATES, "withdrawn")
    op.create_table(
        "withdrawal",
        sa.Column("id", BIG, nullable=False),
        sa.Column("version_id", BIG, nullable=False),
        sa.Column("reason", sa.String(), nullable=False),
        sa.Column("withdrawn_at", MOMENT, nullable=False),
        sa.Column("erased_at", MOMENT, nullable=True),
        sa.ForeignKeyConstraint(
            ["version_id"], ["version.id"], name="fk_withdrawal_version_id", ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("id", name="pk_withdrawal"),
        sa.UniqueConstraint("version_id", name="uq_withdrawal_version_id"),
    )
    op.create_table(
        "discarded_file",
        sa.Column("key", sa.String(160), nullable=False),
        sa.Column("discarded_at", MOMENT, nullable=False),
        sa.PrimaryKeyConstraint("key", name="pk_discarded_file"),
    )


def downgrade() -> None:
    op.drop_table("discarded_file")
    op.drop_table("withdrawal")
    # No program of before shows what is a draft to anybody.
    op.execute("UPDATE version SET state = 'draft', published_at = NULL WHERE state = 'withdrawn'")
    op.execute("UPDATE version SET title = substr(title, 1, 50)")
    with op.batch_alter_table("version") as version:
        _allow(version, *STATES)
        version.alter_column("title", existing_type=sa.String(80), type_=sa.String(50))


def _allow(version: BatchOperations, *states: str) -> None:
    named = ", ".join(f"'{state}'" for state in states)
    version.drop_constraint(op.f("ck_version_versionstate"), type_="check")
    version.create_check_constraint(op.f("ck_version_versionstate"), f"state IN ({named})")
