"""The balance: where the candidates of an issue are, and whether the books add up."""

from dataclasses import asdict, dataclass

from sqlalchemy import String, cast, func, literal, select, union_all
from sqlalchemy.orm import Session

from newsletter.models.delivery import (
    OPEN_ROWS,
    ROWS_WITH_A_REASON,
    SENT_ROWS,
    Delivery,
)
from newsletter.models.issue import Issue


@dataclass(frozen=True, slots=True)
class Balance:
    """Where the candidates of an issue are."""

    candidates: int
    sent: int = 0
    failed: int = 0
    unknown: int = 0
    excluded: int = 0
    pending: int = 0

    @property
    def holds(self) -> bool:
        return self.candidates == self.rows

    @property
    def rows(self) -> int:
        """How many the ledger has."""
        return self.sent + self.failed + self.unknown + self.excluded + self.pending

    @property
    def broken(self) -> str:
        """What does not add up, as a sentence; empty: it holds."""
        if self.holds:
            return ""
        return (
            f"The balance does not hold: {self.candidates:,} candidates were frozen, "
            f"and the ledger has {self.rows:,} rows."
        )

    def as_dict(self) -> dict[str, int]:
        return asdict(self)


def balance_of(session: Session, issue: Issue) -> Balance:
    """The ledger's count of ``issue`` by state, beside its candidates.

    One statement, so that all is counted at one moment; its parts are read from
    indexes, as one grouped count would read each row of the issue.
    """
    of_issue = Delivery.issue_id == issue.id
    sent = select(literal("sent"), func.count()).where(of_issue, SENT_ROWS)
    still_open = select(literal("open"), func.count()).where(of_issue, OPEN_ROWS)
    others = (
        select(cast(Delivery.state, String), func.count())
        .where(of_issue, ROWS_WITH_A_REASON)
        .group_by(Delivery.state)
    )
    counts: dict[str, int] = dict(session.execute(union_all(sent, still_open, others)).all())
    unknown = counts.get("unknown", 0)
    return Balance(
        candidates=issue.candidates,
        sent=counts["sent"],
        failed=counts.get("failed", 0),
        unknown=unknown,
        excluded=counts.get("excluded", 0),
        pending=counts["open"] - unknown,
    )


def is_finished(session: Session, issue: Issue) -> bool:
    """Whether no delivery of ``issue`` will be tried again."""
    open_rows = select(Delivery.id).where(
        Delivery.issue_id == issue.id,
        OPEN_ROWS,
        Delivery.not_before.is_not(None),
    )
    return session.scalar(open_rows.limit(1)) is None
