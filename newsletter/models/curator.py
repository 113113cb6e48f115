"""Who runs it: curators, how each proves who they are, and where they are signed in."""

from datetime import datetime
from enum import StrEnum

from sqlalchemy import ForeignKey, String, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column, relationship

from newsletter.db import Base
from newsletter.models.columns import BigInt, Key, one_of


class Role(StrEnum):
    """What each may do is in newsletter.curators.permissions."""

    AUTHOR = "author"
    EDITOR = "editor"
    SENDER = "sender"
    OWNER = "owner"


class Curator(Base):
    __tablename__ = "curator"
    __table_args__ = ({"sqlite_autoincrement": True},)

    id: Mapped[Key]
    address: Mapped[str] = mapped_column(String(320))
    address_key: Mapped[str] = mapped_column(String(320), unique=True)
    role: Mapped[Role] = mapped_column(one_of(Role, {Role.SENDER: "curator"}), default=Role.AUTHOR)
    password_hash: Mapped[str]  # argon2id, in its own format
    created_at: Mapped[datetime]
    failed_logins: Mapped[int] = mapped_column(default=0)  # in a row
    failed_at: Mapped[datetime | None]

    sessions: Mapped[list["CuratorSession"]] = relationship(
        back_populates="curator", cascade="all, delete-orphan"
    )


class CuratorSession(Base):
    """One signed-in browser; the cookie holds the key, we hold its hash."""

    __tablename__ = "curator_session"

    id: Mapped[Key]
    key_hash: Mapped[str] = mapped_column(String(64), unique=True)
    curator_id: Mapped[int] = mapped_column(
        BigInt, ForeignKey("curator.id", ondelete="CASCADE"), index=True
    )
    created_at: Mapped[datetime]
    seen_at: Mapped[datetime]
    origin: Mapped[str] = mapped_column(String(64), default="")  # the network address, last seen
    browser: Mapped[str] = mapped_column(String(80), default="")  # in words
    proof: Mapped[str] = mapped_column(String(40), default="")  # with what it was opened

    curator: Mapped[Curator] = relationship(back_populates="sessions")


class Totp(Base):
    """The codes of a curator's authenticator app. The secret is not kept: it is derived from the
    salt under a key of the installation's, so a stolen database makes no codes."""

    __tablename__ = "totp"

    curator_id: Mapped[int] = mapped_column(
        BigInt, ForeignKey("curator.id", ondelete="CASCADE"), primary_key=True, autoincrement=False
    )
    salt: Mapped[str] = mapped_column(String(64))
    enabled_at: Mapped[datetime]
    last_step: Mapped[int] = mapped_column(BigInt)  # no code of it or of an earlier one counts
    failures: Mapped[int] = mapped_column(default=0)  # in a row, with recovery codes
    failed_at: Mapped[datetime | None]


class RecoveryCode(Base):
    """One that is left; using it deletes it."""

    __tablename__ = "recovery_code"

    curator_id: Mapped[int] = mapped_column(
        BigInt, ForeignKey("curator.id", ondelete="CASCADE"), primary_key=True
    )
    code_hash: Mapped[str] = mapped_column(String(32), primary_key=True)  # keyed


class Passkey(Base):
    """A WebAuthn credential of a curator's."""

    __tablename__ = "passkey"

    id: Mapped[Key]
    curator_id: Mapped[int] = mapped_column(
        BigInt, ForeignKey("curator.id", ondelete="CASCADE"), index=True
    )
    credential_id: Mapped[str] = mapped_column(String(1400), unique=True)  # base64url
    public_key: Mapped[bytes]
    sign_count: Mapped[int] = mapped_column(BigInt)
    name: Mapped[str] = mapped_column(String(80))
    created_at: Mapped[datetime]
    used_at: Mapped[datetime | None]
    challenged_at: Mapped[datetime | None]  # no challenge of then or before counts any more


class ProviderIdentity(Base):
    """Who a curator is to an identity provider (OpenID Connect)."""

    __tablename__ = "provider_identity"
    __table_args__ = (UniqueConstraint("issuer", "subject"),)

    curator_id: Mapped[int] = mapped_column(
        BigInt, ForeignKey("curator.id", ondelete="CASCADE"), primary_key=True, autoincrement=False
    )
    issuer: Mapped[str] = mapped_column(String(300), primary_key=True)
    subject: Mapped[str] = mapped_column(String(255))  # ASCII, and no longer (OpenID Connect 2)
    bound_at: Mapped[datetime]


class SignInPolicy(Base):
    """The one row of what owners demand of everybody; without it, nothing."""

    __tablename__ = "sign_in_policy"

    id: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    requires_second_factor: Mapped[bool] = mapped_column(default=False)
