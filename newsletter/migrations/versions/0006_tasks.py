"""Long work as tasks; on PostgreSQL with procrastinate's own tables and functions."""

import sqlalchemy as sa
from alembic import op

from newsletter.migrations import procrastinate_schema

revision = "0006"
down_revision = "0005"
branch_labels = None
depends_on = None

BIG = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
MOMENT = sa.DateTime(timezone=True)
STATES = ("queued", "running", "done", "failed", "cancelled")


def upgrade() -> None:
    op.create_table(
        "task",
        sa.Column("id", BIG, nullable=False),
        sa.Column("name", sa.String(100), nullable=False),
        sa.Column("title", sa.String(200), nullable=False),
        sa.Column("arguments", sa.JSON(), nullable=False),
        sa.Column("started_by", sa.String(320), nullable=False),
        sa.Column("queue", sa.String(64), nullable=False),
        sa.Column("priority", sa.Integer(), nullable=False),
        sa.Column("lock", sa.String(200), nullable=True),
        sa.Column("key", sa.String(200), nullable=True),
        sa.Column(
            "state",
            sa.Enum(
                *STATES, name="taskstate", native_enum=False, create_constraint=True, length=32
            ),
            nullable=False,
        ),
        sa.Column("created_at", MOMENT, nullable=False),
        sa.Column("not_before", MOMENT, nullable=False),
        sa.Column("started_at", MOMENT, nullable=True),
        sa.Column("finished_at", MOMENT, nullable=True),
        sa.Column("cancel_requested_at", MOMENT, nullable=True),
        sa.Column("done", BIG, nullable=False),
        sa.Column("total", BIG, nullable=True),
        sa.Column("note", sa.String(200), nullable=False),
        sa.Column("lines", sa.JSON(), nullable=False),
        sa.Column("result", sa.JSON(), nullable=True),
        sa.Column("error", sa.String(500), nullable=False),
        sa.Column("attempt", sa.Integer(), nullable=False),
        sa.Column("failures", sa.Integer(), nullable=False),
        sa.Column("crashes", sa.Integer(), nullable=False),
        sa.Column("worker", sa.String(100), nullable=True),
        sa.Column("handed_over_at", MOMENT, nullable=True),
        sa.Column("job_id", BIG, nullable=True),
        sa.PrimaryKeyConstraint("id", name="pk_task"),
        sqlite_autoincrement=True,
    )
    unfinished, running = sa.text("state IN ('queued', 'running')"), sa.text("state = 'running'")
    for name, column, is_unique, where in (
        ("ix_task_unfinished", "state", False, unfinished),
        ("uq_task_key", "key", True, unfinished),
        ("uq_task_lock", "lock", True, running),
    ):
        op.create_index(
            name, "task", [column], unique=is_unique, sqlite_where=where, postgresql_where=where
        )
    if op.get_bind().dialect.name == "postgresql":
        procrastinate_schema.apply(op.get_bind(), procrastinate_schema.FIRST)


def downgrade() -> None:
    if op.get_bind().dialect.name == "postgresql":
        procrastinate_schema.remove(op.get_bind())
    op.drop_table("task")
