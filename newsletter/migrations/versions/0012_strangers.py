"""What strangers ask for has limits that end, links bind the address, and no link is kept."""

import sqlalchemy as sa
from alembic import op
from alembic.operations import BatchOperations

revision = "0012"
down_revision = "0011"
branch_labels = None
depends_on = None

BIG = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
NOTICES = ("confirmation", "alert", "test", "answer")
WITH_IP = sa.text("ip_expires_at IS NOT NULL")


def upgrade() -> None:
    with op.batch_alter_table("notice") as notice:
        notice.add_column(sa.Column("curator_id", BIG, nullable=True))
        notice.create_foreign_key(
            "fk_notice_curator_id", "curator", ["curator_id"], ["id"], ondelete="CASCADE"
        )
        _allow(notice, *NOTICES, "reset")
    op.create_index("ix_notice_curator_id", "notice", ["curator_id"])
    op.execute(
        "UPDATE notice SET kind = 'reset', path = '', lines = '[]', curator_id ="
        " (SELECT id FROM curator WHERE curator.address = notice.address)"
        " WHERE kind = 'alert' AND path LIKE '/admin/password/%'"
    )
    op.execute("DELETE FROM notice WHERE kind = 'reset' AND curator_id IS NULL")
    op.execute(
        "UPDATE notice SET subject = '', path = '', lines = '[]'"
        " WHERE state NOT IN ('pending', 'unknown') OR not_before IS NULL"
    )
    op.add_column("quota", sa.Column("notices", BIG, nullable=False, server_default="0"))
    op.add_column("subscriber", sa.Column("mailbox", sa.String(320), nullable=True))
    # Of those who are there now, links that name the number alone stay good.
    op.add_column(
        "subscriber",
        sa.Column("binds_links", sa.Boolean(), nullable=False, server_default=sa.false()),
    )
    op.create_index("ix_subscriber_mailbox", "subscriber", ["mailbox"])
    op.create_index(
        "ix_consent_ip_expires_at",
        "consent",
        ["ip_expires_at"],
        sqlite_where=WITH_IP,
        postgresql_where=WITH_IP,
    )


def downgrade() -> None:
    op.drop_index("ix_consent_ip_expires_at", "consent")
    op.drop_index("ix_subscriber_mailbox", "subscriber")
    op.drop_column("subscriber", "binds_links")
    op.drop_column("subscriber", "mailbox")
    op.drop_column("quota", "notices")
    op.execute("DELETE FROM notice WHERE kind = 'reset'")
    op.drop_index("ix_notice_curator_id", "notice")
    with op.batch_alter_table("notice") as notice:
        notice.drop_constraint("fk_notice_curator_id", type_="foreignkey")
        notice.drop_column("curator_id")
        _allow(notice, *NOTICES)


def _allow(notice: BatchOperations, *kinds: str) -> None:
    named = ", ".join(f"'{kind}'" for kind in kinds)
    notice.drop_constraint(op.f("ck_notice_noticekind"), type_="check")
    notice.create_check_constraint(op.f("ck_notice_noticekind"), f"kind IN ({named})")
