"""The balance: where the candidates of an issue are, and whether the books add up."""

from dataclasses import asdict, dataclass

from sqlalchemy import func, select, text
from sqlalchemy.orm import Session

from newsletter.models.delivery import Delivery
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
        settled = self.sent + self.failed + self.unknown + self.excluded
        return self.candidates == settled + self.pending

    def as_dict(self) -> dict[str, int]:
        return asdict(self)


def balance_of(session: Session, issue: Issue) -> Balance:
    """The ledger's count of ``issue`` by state, beside its candidates."""
    counts: dict[str, int] = {}
    rows = select(Delivery.state, func.count()).where(Delivery.issue_id == issue.id)
    for state, count in session.execute(rows.group_by(Delivery.state)):
        counts[state.value] = count
    return Balance(candidates=issue.candidates, **counts)


def is_finished(session: Session, issue: Issue) -> bool:
    """Whether no delivery of ``issue`` will be tried again."""
    open_rows = select(Delivery.id).where(
        Delivery.issue_id == issue.id,
        text("delivery.state IN ('pending', 'unknown')"),
        Delivery.not_before.is_not(None),
    )
    return session.scalar(open_rows.limit(1)) is None
