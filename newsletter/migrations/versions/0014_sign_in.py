"""Roles, second factors and passkeys of curators, where they are signed in, and the audit log."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.engine import Connection

revision = "0014"
down_revision = "0013"
branch_labels = None
depends_on = None

BIG = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
MOMENT = sa.DateTime(timezone=True)
ONLY_ADDED = "The audit log is only added to."


def upgrade() -> None:
    op.create_table(
        "audit_entry",
        sa.Column("number", BIG, autoincrement=False, nullable=False),
        sa.Column("at", MOMENT, nullable=False),
        sa.Column("who", sa.String(320), nullable=False),
        sa.Column("origin", sa.String(200), nullable=False),
        sa.Column("action", sa.String(100), nullable=False),
        sa.Column("target", sa.String(300), nullable=False),
        sa.Column("changes", sa.Text(), nullable=False),
        sa.Column("previous", sa.String(32), nullable=False),
        sa.Column("hash", sa.String(32), nullable=False),
        sa.PrimaryKeyConstraint("number", name="pk_audit_entry"),
        sa.UniqueConstraint("hash", name="uq_audit_entry_hash"),
    )
    op.create_index("ix_audit_entry_who", "audit_entry", ["who"])
    _refuse_changes(op.get_bind().dialect.name)
    # A curator could do everything but decide who else is one: that is a sender, whose name in the
    # database stays the old one, as processes of the version before read it meanwhile.
    _rename_roles({}, ("author", "editor", "curator", "owner"))
    for name, length in (("origin", 64), ("browser", 80), ("proof", 40)):
        column = sa.Column(name, sa.String(length), server_default="", nullable=False)
        op.add_column("curator_session", column)
    _create_factors()


def downgrade() -> None:
    for table in ("sign_in_policy", "passkey", "recovery_code", "totp"):
        op.drop_table(table)
    for name in ("proof", "browser", "origin"):
        op.drop_column("curator_session", name)
    # There is no lesser role: who must not do more than before has to be removed first.
    _rename_roles(dict.fromkeys(("author", "editor"), "curator"), ("curator", "owner"))
    op.drop_table("audit_entry")
    if op.get_bind().dialect.name == "postgresql":
        op.execute("DROP FUNCTION audit_entry_is_only_added_to()")


def _rename_roles(names: dict[str, str], allowed: tuple[str, ...]) -> None:
    connection = op.get_bind()
    last = _last_number(connection)
    table = {"table_kwargs": {"sqlite_autoincrement": True}}
    with op.batch_alter_table("curator", **table) as curator:  # type: ignore[arg-type]
        curator.drop_constraint(op.f("ck_curator_role"), type_="check")
    for before, after in names.items():
        connection.execute(
            sa.text("UPDATE curator SET role = :after WHERE role = :before"),
            {"before": before, "after": after},
        )
    with op.batch_alter_table("curator", **table) as curator:  # type: ignore[arg-type]
        listed = ", ".join(f"'{role}'" for role in allowed)
        curator.create_check_constraint(op.f("ck_curator_role"), f"role IN ({listed})")
    if last is not None:  # a number of somebody who was removed is not given again
        connection.execute(sa.text("DELETE FROM sqlite_sequence WHERE name = 'curator'"))
        connection.execute(
            sa.text("INSERT INTO sqlite_sequence (name, seq) VALUES ('curator', :last)"),
            {"last": last},
        )


def _last_number(connection: Connection) -> int | None:
    """The last that SQLite has given to a curator; None: it gave none, or it is PostgreSQL."""
    if connection.dialect.name != "sqlite":
        return None
    last: int | None = connection.execute(
        sa.text("SELECT seq FROM sqlite_sequence WHERE name = 'curator'")
    ).scalar()
    return last


def _of_curator(table: str) -> sa.ForeignKeyConstraint:
    name = f"fk_{table}_curator_id"
    return sa.ForeignKeyConstraint(["curator_id"], ["curator.id"], name=name, ondelete="CASCADE")


def _create_factors() -> None:
    op.create_table(
        "totp",
        sa.Column("curator_id", BIG, autoincrement=False, nullable=False),
        sa.Column("salt", sa.String(64), nullable=False),
        sa.Column("enabled_at", MOMENT, nullable=False),
        sa.Column("last_step", BIG, nullable=False),
        sa.Column("failures", sa.Integer(), nullable=False),
        sa.Column("failed_at", MOMENT, nullable=True),
        _of_curator("totp"),
        sa.PrimaryKeyConstraint("curator_id", name="pk_totp"),
    )
    op.create_table(
        "recovery_code",
        sa.Column("curator_id", BIG, nullable=False),
        sa.Column("code_hash", sa.String(32), nullable=False),
        _of_curator("recovery_code"),
        sa.PrimaryKeyConstraint("curator_id", "code_hash", name="pk_recovery_code"),
    )
    op.create_table(
        "passkey",
        sa.Column("id", BIG, nullable=False),
        sa.Column("curator_id", BIG, nullable=False),
        sa.Column("credential_id", sa.String(1400), nullable=False),
        sa.Column("public_key", sa.LargeBinary(), nullable=False),
        sa.Column("sign_count", BIG, nullable=False),
        sa.Column("name", sa.String(80), nullable=False),
        sa.Column("created_at", MOMENT, nullable=False),
        sa.Column("used_at", MOMENT, nullable=True),
        sa.Column("challenged_at", MOMENT, nullable=True),
        _of_curator("passkey"),
        sa.PrimaryKeyConstraint("id", name="pk_passkey"),
        sa.UniqueConstraint("credential_id", name="uq_passkey_credential_id"),
    )
    op.create_index("ix_passkey_curator_id", "passkey", ["curator_id"])
    op.create_table(
        "sign_in_policy",
        sa.Column("id", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("requires_second_factor", sa.Boolean(), nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_sign_in_policy"),
    )


def _refuse_changes(dialect: str) -> None:
    """By triggers, which a statement that got in by an injection meets, too."""
    if dialect == "sqlite":
        for what in ("UPDATE", "DELETE"):
            op.execute(
                f"CREATE TRIGGER audit_entry_no_{what.lower()} BEFORE {what} ON audit_entry"
                f" BEGIN SELECT RAISE(ABORT, '{ONLY_ADDED}'); END"
            )
        return
    op.execute(
        "CREATE FUNCTION audit_entry_is_only_added_to() RETURNS trigger LANGUAGE plpgsql AS"
        f" $$ BEGIN RAISE EXCEPTION '{ONLY_ADDED}'; END $$"
    )
    for when in ("UPDATE OR DELETE ON audit_entry FOR EACH ROW", "TRUNCATE ON audit_entry"):
        name = "audit_entry_no_change" if "ROW" in when else "audit_entry_no_truncate"
        op.execute(
            f"CREATE TRIGGER {name} BEFORE {when} EXECUTE FUNCTION audit_entry_is_only_added_to()"
        )
