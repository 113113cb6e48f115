"""What comes back: bounces and complaints, one normalised event each."""

from datetime import datetime
from enum import StrEnum

from sqlalchemy import ForeignKey, Index, String, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from newsletter.db import Base
from newsletter.models.columns import BigInt, Key, one_of


class FeedbackKind(StrEnum):
    HARD_BOUNCE = "hard_bounce"
    SOFT_BOUNCE = "soft_bounce"
    COMPLAINT = "complaint"
    UNSUBSCRIBE = "unsubscribe"


class FeedbackEvent(Base):
    __tablename__ = "feedback_event"
    __table_args__ = (
        UniqueConstraint("provider", "event_key"),
        Index("ix_feedback_event_issue_id", "issue_id", "kind", "at"),
    )

    id: Mapped[Key]
    provider: Mapped[str] = mapped_column(String(32))  # "smtp", "dsn", "arf", "postmark", ...
    event_key: Mapped[str] = mapped_column(
        String(200)
    )  # the provider's id: a replay changes nothing
    kind: Mapped[FeedbackKind] = mapped_column(one_of(FeedbackKind))
    subscriber_id: Mapped[int | None] = mapped_column(
        BigInt, ForeignKey("subscriber.id", ondelete="SET NULL"), index=True
    )
    issue_id: Mapped[int | None] = mapped_column(BigInt, ForeignKey("issue.id"))
    status: Mapped[str | None] = mapped_column(String(16))  # RFC 3463, such as 5.1.1
    detail: Mapped[str | None]
    at: Mapped[datetime]
