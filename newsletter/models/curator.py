"""Who runs it: curators, and the sessions in which they are signed in."""

from datetime import datetime
from enum import StrEnum

from sqlalchemy import ForeignKey, String
from sqlalchemy.orm import Mapped, mapped_column, relationship

from newsletter.db import Base
from newsletter.models.columns import BigInt, Key, one_of


class Role(StrEnum):
    CURATOR = "curator"  # datasets and issues
    OWNER = "owner"  # and other curators


class Curator(Base):
    __tablename__ = "curator"
    __table_args__ = ({"sqlite_autoincrement": True},)

    id: Mapped[Key]
    address: Mapped[str] = mapped_column(String(320))
    address_key: Mapped[str] = mapped_column(String(320), unique=True)
    role: Mapped[Role] = mapped_column(one_of(Role), default=Role.CURATOR)
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

    curator: Mapped[Curator] = relationship(back_populates="sessions")
