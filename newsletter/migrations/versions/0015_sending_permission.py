"""Mail goes out from a database that may send; a copy of it has to be allowed to first."""

from datetime import UTC, datetime

import sqlalchemy as sa
from alembic import op

from newsletter.db.place import place_of

revision = "0015"
down_revision = "0014"
branch_labels = None
depends_on = None

BIG = sa.BigInteger().with_variant(sa.Integer(), "sqlite")


def upgrade() -> None:
    table = op.create_table(
        "sending_permission",
        sa.Column("id", BIG, autoincrement=False, nullable=False),
        sa.Column("place", sa.String(200), nullable=False),
        sa.Column("granted_at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_sending_permission"),
        sa.CheckConstraint("id = 1", name=op.f("ck_sending_permission_one_row")),
    )
    # A new installation, and one that sent until now.
    row = {"id": 1, "place": place_of(op.get_bind()), "granted_at": datetime.now(UTC)}
    op.bulk_insert(table, [row])


def downgrade() -> None:
    op.drop_table("sending_permission")
