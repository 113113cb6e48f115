"""Who a curator is to an identity provider, once they have signed in by it."""

import sqlalchemy as sa
from alembic import op

revision = "0017"
down_revision = "0016"
branch_labels = None
depends_on = None

BIG = sa.BigInteger().with_variant(sa.Integer(), "sqlite")


def upgrade() -> None:
    op.create_table(
        "provider_identity",
        sa.Column("curator_id", BIG, autoincrement=False, nullable=False),
        sa.Column("issuer", sa.String(300), nullable=False),
        sa.Column("subject", sa.String(255), nullable=False),
        sa.Column("bound_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(
            ["curator_id"],
            ["curator.id"],
            name="fk_provider_identity_curator_id",
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("curator_id", "issuer", name="pk_provider_identity"),
        sa.UniqueConstraint("issuer", "subject", name="uq_provider_identity_issuer_subject"),
    )


def downgrade() -> None:
    op.drop_table("provider_identity")
