"""Files that a task reads into a dataset, until they are read."""

import sqlalchemy as sa
from alembic import op

revision = "0010"
down_revision = "0009"
branch_labels = None
depends_on = None

BIG = sa.BigInteger().with_variant(sa.Integer(), "sqlite")


def upgrade() -> None:
    op.create_table(
        "pending_ingest",
        sa.Column("id", BIG, nullable=False),
        sa.Column("dataset_id", BIG, nullable=False),
        sa.Column("task_id", BIG, nullable=True),
        sa.Column("package", sa.JSON(), nullable=False),
        sa.Column("files", sa.JSON(), nullable=False),
        sa.Column("note", sa.String(), nullable=False),
        sa.Column("number", sa.String(32), nullable=True),
        sa.Column("is_published", sa.Boolean(), nullable=False),
        sa.Column("error", sa.String(), nullable=False),
        sa.Column("fields", sa.JSON(), nullable=False),
        sa.ForeignKeyConstraint(
            ["dataset_id"],
            ["dataset.id"],
            name="fk_pending_ingest_dataset_id",
            ondelete="CASCADE",
        ),
        sa.ForeignKeyConstraint(
            ["task_id"], ["task.id"], name="fk_pending_ingest_task_id", ondelete="SET NULL"
        ),
        sa.PrimaryKeyConstraint("id", name="pk_pending_ingest"),
        sa.UniqueConstraint("dataset_id", name="uq_pending_ingest_dataset_id"),
    )
    op.create_index("ix_pending_ingest_task_id", "pending_ingest", ["task_id"])


def downgrade() -> None:
    op.drop_table("pending_ingest")
