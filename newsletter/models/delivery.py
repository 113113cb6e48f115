"""The ledger: one row for each issue and subscriber; and notices, mailed the same way."""

from datetime import date, datetime
from enum import StrEnum
from typing import Any

from sqlalchemy import CheckConstraint, ForeignKey, Index, String, UniqueConstraint, text
from sqlalchemy.orm import Mapped, declared_attr, mapped_column

from newsletter.db import Base
from newsletter.models.columns import BigInt, Key, one_of

# The rows that an index holds. A query says it in the same words, or the index is not used.
OPEN_ROWS = text("state IN ('pending', 'unknown')")
SENT_ROWS = text("state = 'sent'")
ROWS_WITH_A_REASON = text("state <> 'sent' AND (state <> 'pending' OR reason IS NOT NULL)")


class DeliveryState(StrEnum):
    PENDING = "pending"  # to be sent; claimed while its lease has not ended
    SENT = "sent"  # the server took it
    FAILED = "failed"  # it will not be tried again
    UNKNOWN = "unknown"  # handed over, and no answer came; tried again later
    EXCLUDED = "excluded"  # a candidate who was not to be mailed, with the reason


class Claimable:
    """A message to one address that is claimed before the network and settled after."""

    state: Mapped[DeliveryState] = mapped_column(
        one_of(DeliveryState), default=DeliveryState.PENDING
    )
    not_before: Mapped[datetime | None]  # not claimed earlier: a wave, a next try; None: never
    lease_until: Mapped[datetime | None]  # claimed until then
    worker: Mapped[str | None] = mapped_column(String(64))  # who claimed it
    attempts: Mapped[int] = mapped_column(default=0)
    reason: Mapped[str | None] = mapped_column(String(64))  # the policy's word for the outcome
    reply: Mapped[str | None]  # what the server said last
    settled_at: Mapped[datetime | None]


class Delivery(Claimable, Base):
    __tablename__ = "delivery"

    id: Mapped[Key]
    issue_id: Mapped[int] = mapped_column(BigInt, ForeignKey("issue.id"))
    # NULL once the person was erased: the count stays, the person does not.
    subscriber_id: Mapped[int | None] = mapped_column(
        BigInt, ForeignKey("subscriber.id", ondelete="SET NULL")
    )
    wave_at: Mapped[datetime | None]  # of a wave after the issue froze: when it is due
    # Which posts of the week's round-up the reader was mailed before: bit n is the n-th of
    # them. 0: none, and the issue's own message; else the IssueVariant of that number.
    variant: Mapped[int] = mapped_column(default=0, server_default="0")

    @declared_attr.directive
    def __table_args__(cls) -> tuple[Any, ...]:  # noqa: N805
        # Each index costs each sending. There is none of leases, so that on PostgreSQL a claim
        # changes no index, as long as there is room for the row's new version on its page
        # (https://www.postgresql.org/docs/current/storage-hot.html).
        return (
            # In this order it finds a reader's deliveries, too.
            UniqueConstraint("subscriber_id", "issue_id"),
            Index(
                "ix_delivery_open",
                "issue_id",
                "not_before",
                "id",
                sqlite_where=OPEN_ROWS,
                postgresql_where=OPEN_ROWS,
            ),
            Index(
                "ix_delivery_sent",
                "issue_id",
                "settled_at",
                sqlite_where=SENT_ROWS,
                postgresql_where=SENT_ROWS,
            ),
            Index(
                "ix_delivery_reason",
                "issue_id",
                "state",
                "reason",
                "settled_at",
                "not_before",
                sqlite_where=ROWS_WITH_A_REASON,
                postgresql_where=ROWS_WITH_A_REASON,
            ),
            {"postgresql_with": {"fillfactor": 50}},
        )


class NoticeKind(StrEnum):
    CONFIRMATION = "confirmation"
    ALERT = "alert"  # to a curator
    TEST = "test"  # an issue as it stands, to a curator
    ANSWER = "answer"  # to who brought something: what the curators decided
    RESET = "reset"  # to a curator: a link that sets a password


# Any other is a reader's: it is removed when the reader is erased.
TO_CURATORS = (NoticeKind.ALERT, NoticeKind.TEST, NoticeKind.RESET)
# Whoever knows an address can ask for these.
FOR_STRANGERS = (NoticeKind.CONFIRMATION, NoticeKind.RESET)
FOR_OTHERS = tuple(kind for kind in NoticeKind if kind not in FOR_STRANGERS)


class Notice(Claimable, Base):
    """A mail that one person is owed. A link in it is made when it is mailed, and stands in no
    row; once it is settled, its text is not kept either."""

    __tablename__ = "notice"
    __table_args__ = (
        Index(
            "ix_notice_open",
            "not_before",
            sqlite_where=OPEN_ROWS,
            postgresql_where=OPEN_ROWS,
        ),
    )

    id: Mapped[Key]
    kind: Mapped[NoticeKind] = mapped_column(one_of(NoticeKind))
    address: Mapped[str] = mapped_column(String(320))
    subscriber_id: Mapped[int | None] = mapped_column(
        BigInt, ForeignKey("subscriber.id", ondelete="CASCADE"), index=True
    )
    curator_id: Mapped[int | None] = mapped_column(  # whose password the link sets
        BigInt, ForeignKey("curator.id", ondelete="CASCADE"), index=True
    )
    issue_id: Mapped[int | None] = mapped_column(BigInt, ForeignKey("issue.id", ondelete="CASCADE"))
    subject: Mapped[str] = mapped_column(default="")
    lines: Mapped[list[Any]] = mapped_column(default=list)  # paragraphs of an alert, an answer
    path: Mapped[str] = mapped_column(default="")  # the page where to act on it, or to see it
    once: Mapped[str | None] = mapped_column(String(200), unique=True)  # says it once: see jobs
    created_at: Mapped[datetime]


class Retry(Base):
    """A curator's word that what had failed, or is not known, is tried again."""

    __tablename__ = "retry"

    id: Mapped[Key]
    issue_id: Mapped[int] = mapped_column(
        BigInt, ForeignKey("issue.id", ondelete="CASCADE"), index=True
    )
    at: Mapped[datetime]
    state: Mapped[DeliveryState] = mapped_column(one_of(DeliveryState))  # failed or unknown
    reason: Mapped[str | None] = mapped_column(String(64))  # None: whatever the reason
    number: Mapped[int]  # how many deliveries
    by: Mapped[str | None] = mapped_column(String(320))  # a curator; None: at the command line


class Quota(Base):
    """How many messages were begun on a day (UTC): what NEWSLETTER_RATE's per day counts."""

    __tablename__ = "quota"

    day: Mapped[date] = mapped_column(primary_key=True)
    used: Mapped[int] = mapped_column(BigInt, default=0)
    notices: Mapped[int] = mapped_column(BigInt, default=0, server_default="0")  # of these
    allowed: Mapped[int | None] = mapped_column(BigInt)  # how many may be, by then
    warm_up: Mapped[int | None] = mapped_column(BigInt)  # as its warm-up says; NULL: it had none


class SendingPermission(Base):
    """One row, where mail may go out. No backup has it, and in a copy ``place`` is another's."""

    __tablename__ = "sending_permission"
    __table_args__ = (CheckConstraint("id = 1", name="one_row"),)

    id: Mapped[int] = mapped_column(BigInt, primary_key=True, autoincrement=False)
    place: Mapped[str] = mapped_column(String(200))  # as newsletter.db.place has it
    granted_at: Mapped[datetime]
