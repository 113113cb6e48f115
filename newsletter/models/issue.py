"""An issue: one mailing, in its slot of the calendar."""

from datetime import date, datetime
from enum import StrEnum
from typing import Any

from sqlalchemy import ForeignKey, LargeBinary, String, Text, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column, relationship

from newsletter.db import Base
from newsletter.models.columns import BigInt, Key, one_of
from newsletter.models.dataset import Version
from newsletter.models.post import Post


class Kind(StrEnum):
    REGULAR = "monday"
    POST = "post"
    CORRECTION = "correction"


class IssueState(StrEnum):
    PLANNED = "planned"  # has a slot; everything can still change
    LATE = "late"  # its deadline passed before it began; a curator decides
    SENDING = "sending"  # frozen: content and recipients are fixed
    PAUSED = "paused"  # frozen, and nothing is claimed until it is resumed
    SENT = "sent"  # frozen, and no delivery is pending
    CANCELLED = "cancelled"  # nothing more will be sent


class Issue(Base):
    __tablename__ = "issue"
    __table_args__ = (UniqueConstraint("kind", "date"),)

    id: Mapped[Key]
    kind: Mapped[Kind] = mapped_column(one_of(Kind), default=Kind.REGULAR)
    date: Mapped[date]
    state: Mapped[IssueState] = mapped_column(one_of(IssueState), default=IssueState.PLANNED)
    version_id: Mapped[int | None] = mapped_column(BigInt, ForeignKey("version.id"), index=True)
    post_id: Mapped[int | None] = mapped_column(  # what a mailing of the kind post is of
        BigInt, ForeignKey("post.id"), index=True
    )
    # Empty: the dataset's title, its summary and description; of a post, its title and question.
    subject: Mapped[str] = mapped_column(String(200), default="")
    preheader: Mapped[str] = mapped_column(String(200), default="")
    intro: Mapped[str] = mapped_column(default="")  # markdown
    created_at: Mapped[datetime]
    frozen_at: Mapped[datetime | None]
    closed_at: Mapped[datetime | None]  # when no delivery was pending any more
    pause_reason: Mapped[str | None]
    resumed_at: Mapped[datetime | None]  # breakers count from here on
    candidates: Mapped[int] = mapped_column(
        default=0
    )  # counted when it froze, apart from the ledger
    balance: Mapped[dict[str, Any]] = mapped_column(default=dict)  # as checked when it closed
    message: Mapped[bytes | None] = mapped_column(
        LargeBinary, deferred=True
    )  # mailing.message, frozen
    page: Mapped[str | None] = mapped_column(
        Text, deferred=True
    )  # the HTML as a reader of the archive sees it

    version: Mapped[Version | None] = relationship()
    post: Mapped[Post | None] = relationship()

    @property
    def title(self) -> str:
        """What it is called: its subject, or by its post or dataset; empty where it has none."""
        if self.post is not None:
            return self.subject or self.post.title
        dataset = self.version.title if self.version else ""
        correction = self.kind is Kind.CORRECTION and dataset
        return self.subject or (f"Correction: {dataset}" if correction else dataset)

    @property
    def opens(self) -> Version | None:
        """The data that it is about: its dataset's, or its post's."""
        if self.version is None and self.post is not None:
            return self.post.version
        return self.version

    @property
    def slot(self) -> str:
        """Its place in the calendar as an address has it: the date, and its kind unless that
        is Monday's: 2026-11-30, 2026-12-02-correction."""
        day = self.date.isoformat()
        return day if self.kind is Kind.REGULAR else f"{day}-{self.kind.value}"


class IssuePost(Base):
    """A post that the round-up of a frozen Monday issue tells of: its ``number``-th, from 0 on.
    Who was mailed it before has bit ``number`` in Delivery.variant."""

    __tablename__ = "issue_post"

    issue_id: Mapped[int] = mapped_column(
        BigInt, ForeignKey("issue.id", ondelete="CASCADE"), primary_key=True
    )
    number: Mapped[int] = mapped_column(primary_key=True)
    post_id: Mapped[int] = mapped_column(
        BigInt, ForeignKey("post.id", ondelete="CASCADE"), index=True
    )

    post: Mapped[Post] = relationship()


class IssueVariant(Base):
    """The message of a frozen issue for those who are told less: see Delivery.variant."""

    __tablename__ = "issue_variant"

    issue_id: Mapped[int] = mapped_column(
        BigInt, ForeignKey("issue.id", ondelete="CASCADE"), primary_key=True
    )
    variant: Mapped[int] = mapped_column(primary_key=True)
    message: Mapped[bytes] = mapped_column(LargeBinary, deferred=True)
