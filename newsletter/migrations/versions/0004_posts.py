"""Posts and what came of running them, what readers bring, and who is told less."""

import sqlalchemy as sa
from alembic import op

revision = "0004"
down_revision = "0003"
branch_labels = None
depends_on = None

BIG = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
MOMENT = sa.DateTime(timezone=True)
NOTICES = ("confirmation", "alert", "test")


def _one_of(name: str, *values: str) -> sa.Enum:
    return sa.Enum(*values, name=name, native_enum=False, create_constraint=True, length=32)


def upgrade() -> None:
    _create_post()
    _create_post_run()
    _create_submission()
    op.create_table(
        "issue_post",
        sa.Column("issue_id", BIG, nullable=False),
        sa.Column("number", sa.Integer(), nullable=False),
        sa.Column("post_id", BIG, nullable=False),
        sa.ForeignKeyConstraint(
            ["issue_id"], ["issue.id"], name="fk_issue_post_issue_id", ondelete="CASCADE"
        ),
        sa.ForeignKeyConstraint(
            ["post_id"], ["post.id"], name="fk_issue_post_post_id", ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("issue_id", "number", name="pk_issue_post"),
    )
    op.create_index("ix_issue_post_post_id", "issue_post", ["post_id"])
    op.create_table(
        "issue_variant",
        sa.Column("issue_id", BIG, nullable=False),
        sa.Column("variant", sa.Integer(), nullable=False),
        sa.Column("message", sa.LargeBinary(), nullable=False),
        sa.ForeignKeyConstraint(
            ["issue_id"], ["issue.id"], name="fk_issue_variant_issue_id", ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("issue_id", "variant", name="pk_issue_variant"),
    )
    op.add_column(
        "delivery", sa.Column("variant", sa.Integer(), server_default="0", nullable=False)
    )
    with op.batch_alter_table("issue") as issue:
        issue.add_column(sa.Column("post_id", BIG, nullable=True))
        issue.create_foreign_key("fk_issue_post_id", "post", ["post_id"], ["id"])
    op.create_index("ix_issue_post_id", "issue", ["post_id"])
    _allow_notices(*NOTICES, "answer")


def downgrade() -> None:
    op.execute("DELETE FROM notice WHERE kind = 'answer'")
    _allow_notices(*NOTICES)
    op.drop_index("ix_issue_post_id", "issue")
    with op.batch_alter_table("issue") as issue:
        issue.drop_constraint("fk_issue_post_id", type_="foreignkey")
        issue.drop_column("post_id")
    op.drop_column("delivery", "variant")
    for table in ("issue_variant", "issue_post", "submission", "post_run", "post"):
        op.drop_table(table)


def _allow_notices(*kinds: str) -> None:
    named = ", ".join(f"'{kind}'" for kind in kinds)
    with op.batch_alter_table("notice") as notice:
        notice.drop_constraint(op.f("ck_notice_noticekind"), type_="check")
        notice.create_check_constraint(op.f("ck_notice_noticekind"), f"kind IN ({named})")


def _create_post() -> None:
    op.create_table(
        "post",
        sa.Column("id", BIG, nullable=False),
        sa.Column("slug", sa.String(length=100), nullable=False),
        sa.Column("version_id", BIG, nullable=False),
        sa.Column("state", _one_of("poststate", "draft", "published", "withdrawn"), nullable=False),
        sa.Column("title", sa.String(length=120), nullable=False),
        sa.Column("question", sa.String(), nullable=False),
        sa.Column("author", sa.String(length=120), nullable=False),
        sa.Column("author_url", sa.String(), nullable=True),
        sa.Column("credit", sa.String(), nullable=False),
        sa.Column("license", sa.String(length=64), nullable=False),
        sa.Column("language", sa.String(length=16), nullable=False),
        sa.Column("requires", sa.JSON(), nullable=False),
        sa.Column("data", sa.JSON(), nullable=False),
        sa.Column("form", sa.String(length=8), nullable=False),
        sa.Column("source_key", sa.String(length=80), nullable=False),
        sa.Column("cells", sa.JSON(), nullable=False),
        sa.Column("words", sa.Text(), nullable=False),
        sa.Column("columns", sa.JSON(), nullable=False),
        sa.Column("digest", sa.String(length=64), nullable=False),
        sa.Column("created_at", MOMENT, nullable=False),
        sa.Column("modified_at", MOMENT, nullable=False),
        sa.Column("published_at", MOMENT, nullable=True),
        sa.ForeignKeyConstraint(["version_id"], ["version.id"], name="fk_post_version_id"),
        sa.PrimaryKeyConstraint("id", name="pk_post"),
        sa.UniqueConstraint("slug", name="uq_post_slug"),
    )
    op.create_index("ix_post_version_id", "post", ["version_id"])


def _create_post_run() -> None:
    op.create_table(
        "post_run",
        sa.Column("id", BIG, nullable=False),
        sa.Column("post_id", BIG, nullable=False),
        sa.Column("at", MOMENT, nullable=False),
        sa.Column("status", _one_of("runstatus", "ran", "failed", "refused"), nullable=False),
        sa.Column("seconds", sa.Double(), nullable=False),
        sa.Column("versions", sa.JSON(), nullable=False),
        sa.Column("error", sa.Text(), nullable=False),
        sa.Column("source", sa.String(length=64), nullable=False),
        sa.ForeignKeyConstraint(
            ["post_id"], ["post.id"], name="fk_post_run_post_id", ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("id", name="pk_post_run"),
    )
    op.create_index("ix_post_run_post_id", "post_run", ["post_id"])


def _create_submission() -> None:
    state = _one_of("submissionstate", "waiting", "accepted", "declined")
    op.create_table(
        "submission",
        sa.Column("id", BIG, nullable=False),
        sa.Column("kind", _one_of("submissionkind", "dataset", "code"), nullable=False),
        sa.Column("state", state, nullable=False),
        sa.Column("dataset_id", BIG, nullable=True),
        sa.Column("post_id", BIG, nullable=True),
        sa.Column("title", sa.String(length=120), nullable=False),
        sa.Column("about", sa.String(), nullable=False),
        sa.Column("link", sa.String(), nullable=True),
        sa.Column("file_key", sa.String(length=80), nullable=True),
        sa.Column("file_name", sa.String(length=200), nullable=True),
        sa.Column("license", sa.String(length=64), nullable=True),
        sa.Column("name", sa.String(length=120), nullable=False),
        sa.Column("address", sa.String(length=320), nullable=True),
        sa.Column("created_at", MOMENT, nullable=False),
        sa.Column("decided_at", MOMENT, nullable=True),
        sa.Column("decided_by", sa.String(length=320), nullable=True),
        sa.Column("answer", sa.String(), nullable=False),
        sa.ForeignKeyConstraint(
            ["dataset_id"], ["dataset.id"], name="fk_submission_dataset_id", ondelete="SET NULL"
        ),
        sa.ForeignKeyConstraint(
            ["post_id"], ["post.id"], name="fk_submission_post_id", ondelete="SET NULL"
        ),
        sa.PrimaryKeyConstraint("id", name="pk_submission"),
    )
    for column in ("state", "dataset_id", "post_id"):
        op.create_index(f"ix_submission_{column}", "submission", [column])
