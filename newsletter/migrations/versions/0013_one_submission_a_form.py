"""A form that a reader opened carries one submission."""

import sqlalchemy as sa
from alembic import op

revision = "0013"
down_revision = "0012"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("submission", sa.Column("form_key", sa.String(32), nullable=True))
    op.create_index("ix_submission_form_key", "submission", ["form_key"], unique=True)


def downgrade() -> None:
    op.drop_index("ix_submission_form_key", "submission")
    op.drop_column("submission", "form_key")
