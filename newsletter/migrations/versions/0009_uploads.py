"""Files that come in pieces."""

import sqlalchemy as sa
from alembic import op

revision = "0009"
down_revision = "0008"
branch_labels = None
depends_on = None

BIG = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
MOMENT = sa.DateTime(timezone=True)


def upgrade() -> None:
    op.create_table(
        "upload",
        sa.Column("id", BIG, nullable=False),
        sa.Column("token_hash", sa.String(64), nullable=False),
        sa.Column("curator_id", BIG, nullable=False),
        sa.Column("name", sa.String(255), nullable=False),
        sa.Column("length", BIG, nullable=False),
        sa.Column("received", BIG, nullable=False),
        sa.Column("created_at", MOMENT, nullable=False),
        sa.Column("touched_at", MOMENT, nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_upload"),
        sa.UniqueConstraint("token_hash", name="uq_upload_token_hash"),
        sa.ForeignKeyConstraint(
            ["curator_id"],
            ["curator.id"],
            name="fk_upload_curator_id",
            ondelete="CASCADE",
        ),
    )
    op.create_index("ix_upload_curator_id", "upload", ["curator_id"])
    op.create_index("ix_upload_touched_at", "upload", ["touched_at"])
    op.create_table(
        "upload_piece",
        sa.Column("upload_id", BIG, nullable=False),
        sa.Column("start", BIG, nullable=False),
        sa.Column("key", sa.String(120), nullable=False),
        sa.PrimaryKeyConstraint("upload_id", "start", name="pk_upload_piece"),
        sa.UniqueConstraint("key", name="uq_upload_piece_key"),
        sa.ForeignKeyConstraint(
            ["upload_id"],
            ["upload.id"],
            name="fk_upload_piece_upload_id",
            ondelete="CASCADE",
        ),
    )


def downgrade() -> None:
    op.drop_table("upload_piece")
    op.drop_table("upload")
