"""Who reads: an address with its consent, status and preferences."""

from datetime import datetime
from enum import StrEnum

from sqlalchemy import ForeignKey, Index, String, false, text
from sqlalchemy.orm import Mapped, mapped_column, relationship

from newsletter.db import Base
from newsletter.models.columns import BigInt, Key, one_of

WITH_IP = text("ip_expires_at IS NOT NULL")


class Status(StrEnum):
    PENDING = "pending"
    ACTIVE = "active"
    UNSUBSCRIBED = "unsubscribed"
    BOUNCED = "bounced"
    COMPLAINED = "complained"


class Cadence(StrEnum):
    MONDAY = "monday"  # the Monday issue
    DAILY = "daily"  # the issue and each code post


class SuppressionReason(StrEnum):
    BOUNCE = "bounce"
    COMPLAINT = "complaint"
    ERASURE = "erasure"
    CURATOR = "curator"


class Subscriber(Base):
    __tablename__ = "subscriber"
    # A number is never given twice: an old link must not reach a new person.
    __table_args__ = (
        Index("ix_subscriber_status_cadence", "status", "cadence"),
        {"sqlite_autoincrement": True},
    )

    id: Mapped[Key]
    address: Mapped[str] = mapped_column(String(320))  # as it is mailed to
    address_key: Mapped[str] = mapped_column(String(320), unique=True)  # addresses.address_key
    address_hash: Mapped[str] = mapped_column(String(32), index=True)  # joins to Suppression
    # email_address.mailbox_key, by which mails are limited; None: of before there were limits.
    mailbox: Mapped[str | None] = mapped_column(String(320), index=True)
    # Whether each link that was ever mailed to them binds the address: see audience.links.
    binds_links: Mapped[bool] = mapped_column(default=True, server_default=false())
    name: Mapped[str | None] = mapped_column(String(200))
    status: Mapped[Status] = mapped_column(one_of(Status), default=Status.PENDING)
    cadence: Mapped[Cadence] = mapped_column(one_of(Cadence), default=Cadence.MONDAY)
    timezone: Mapped[str | None] = mapped_column(String(64))  # None: the list's
    created_at: Mapped[datetime]
    confirmed_at: Mapped[datetime | None]
    left_at: Mapped[datetime | None]  # unsubscribed, bounced or complained
    confirmations: Mapped[int] = mapped_column(default=0)  # mails asking to confirm, since pending
    confirmation_at: Mapped[datetime | None]  # when the last of them was asked for

    consents: Mapped[list["Consent"]] = relationship(
        back_populates="subscriber", cascade="all, delete-orphan", order_by="Consent.id"
    )


class Consent(Base):
    """What a person agreed to, when and where: kept as evidence."""

    __tablename__ = "consent"
    __table_args__ = (
        Index(
            "ix_consent_ip_expires_at",
            "ip_expires_at",
            sqlite_where=WITH_IP,
            postgresql_where=WITH_IP,
        ),
    )

    id: Mapped[Key]
    subscriber_id: Mapped[int] = mapped_column(
        BigInt, ForeignKey("subscriber.id", ondelete="CASCADE"), index=True
    )
    at: Mapped[datetime]
    form: Mapped[str] = mapped_column(String(64))  # where it was given: "site", "import", ...
    wording: Mapped[str]  # the sentence agreed to
    ip_hash: Mapped[str | None] = mapped_column(String(32))  # keyed hash, dropped at the expiry
    ip_expires_at: Mapped[datetime | None]

    subscriber: Mapped[Subscriber] = relationship(back_populates="consents")


class Suppression(Base):
    """An address never mailed again, known only by its keyed hash."""

    __tablename__ = "suppression"

    id: Mapped[Key]
    address_hash: Mapped[str] = mapped_column(String(32), unique=True)
    reason: Mapped[SuppressionReason] = mapped_column(one_of(SuppressionReason))
    at: Mapped[datetime]
    detail: Mapped[str | None]  # the reply or report that led to it, without the address
