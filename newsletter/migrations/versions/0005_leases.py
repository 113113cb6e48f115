"""A claim changes no index: half of each page of deliveries is left for their next versions."""

import sqlalchemy as sa
from alembic import op

revision = "0005"
down_revision = "0004"
branch_labels = None
depends_on = None

LEASED = sa.text("lease_until IS NOT NULL")


def upgrade() -> None:
    op.drop_index("ix_delivery_leased", "delivery")
    if op.get_bind().dialect.name == "postgresql":
        op.execute("ALTER TABLE delivery SET (fillfactor = 50)")


def downgrade() -> None:
    if op.get_bind().dialect.name == "postgresql":
        op.execute("ALTER TABLE delivery RESET (fillfactor)")
    op.create_index(
        "ix_delivery_leased",
        "delivery",
        ["worker", "lease_until"],
        sqlite_where=LEASED,
        postgresql_where=LEASED,
    )
