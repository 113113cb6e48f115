"""What sending with waves, breakers and second tries needs."""

import sqlalchemy as sa
from alembic import op

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None


BIG = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
DELIVERY_STATE = sa.Enum(
    "pending",
    "sent",
    "failed",
    "unknown",
    "excluded",
    name="deliverystate",
    native_enum=False,
    create_constraint=True,
    length=32,
)
SENT_ROWS = "state = 'sent'"
ROWS_WITH_A_REASON = "state <> 'sent' AND (state <> 'pending' OR reason IS NOT NULL)"


def upgrade() -> None:
    op.add_column("delivery", sa.Column("wave_at", sa.DateTime(timezone=True), nullable=True))
    op.drop_index("ix_delivery_subscriber_id", "delivery")
    with op.batch_alter_table("delivery") as delivery:
        delivery.drop_constraint("uq_delivery_issue_id_subscriber_id", type_="unique")
        delivery.create_unique_constraint(
            "uq_delivery_subscriber_id_issue_id", ["subscriber_id", "issue_id"]
        )
    op.add_column("quota", sa.Column("allowed", BIG, nullable=True))
    op.add_column("quota", sa.Column("warm_up", BIG, nullable=True))
    op.create_index(
        "ix_delivery_sent",
        "delivery",
        ["issue_id", "settled_at"],
        sqlite_where=sa.text(SENT_ROWS),
        postgresql_where=sa.text(SENT_ROWS),
    )
    op.create_index(
        "ix_delivery_reason",
        "delivery",
        ["issue_id", "state", "reason", "settled_at", "not_before"],
        sqlite_where=sa.text(ROWS_WITH_A_REASON),
        postgresql_where=sa.text(ROWS_WITH_A_REASON),
    )
    op.create_table(
        "retry",
        sa.Column("id", BIG, nullable=False),
        sa.Column("issue_id", BIG, nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("state", DELIVERY_STATE, nullable=False),
        sa.Column("reason", sa.String(length=64), nullable=True),
        sa.Column("number", sa.Integer(), nullable=False),
        sa.Column("by", sa.String(length=320), nullable=True),
        sa.ForeignKeyConstraint(
            ["issue_id"], ["issue.id"], name=op.f("fk_retry_issue_id"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_retry")),
    )
    op.create_index(op.f("ix_retry_issue_id"), "retry", ["issue_id"])
    op.add_column("issue", sa.Column("resumed_at", sa.DateTime(timezone=True), nullable=True))
    op.create_index("ix_feedback_event_issue_id", "feedback_event", ["issue_id", "kind", "at"])
    op.create_table(
        "upkeep",
        sa.Column("dataset_id", BIG, autoincrement=False, nullable=False),
        sa.Column("asked_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("sources", sa.JSON(), nullable=False),
        sa.ForeignKeyConstraint(
            ["dataset_id"], ["dataset.id"], name=op.f("fk_upkeep_dataset_id"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("dataset_id", name=op.f("pk_upkeep")),
    )
    op.create_table(
        "upkeep_week",
        sa.Column("week", sa.String(length=8), nullable=False),
        sa.Column("begun_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("finished_at", sa.DateTime(timezone=True), nullable=True),
        sa.PrimaryKeyConstraint("week", name=op.f("pk_upkeep_week")),
    )


def downgrade() -> None:
    op.drop_table("upkeep_week")
    op.drop_table("upkeep")
    op.drop_index("ix_feedback_event_issue_id", "feedback_event")
    op.drop_column("issue", "resumed_at")
    op.drop_table("retry")
    op.drop_index("ix_delivery_reason", "delivery")
    op.drop_index("ix_delivery_sent", "delivery")
    op.drop_column("quota", "warm_up")
    op.drop_column("quota", "allowed")
    with op.batch_alter_table("delivery") as delivery:
        delivery.drop_constraint("uq_delivery_subscriber_id_issue_id", type_="unique")
        delivery.create_unique_constraint(
            "uq_delivery_issue_id_subscriber_id", ["issue_id", "subscriber_id"]
        )
    op.create_index("ix_delivery_subscriber_id", "delivery", ["subscriber_id"])
    op.drop_column("delivery", "wave_at")
