"""The balance: where the candidates of an issue are, and whether the books add up."""

from collections.abc import Collection, Iterator, Mapping
from dataclasses import asdict, dataclass

from sqlalchemy import Select, String, cast, func, literal, select, union_all
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
    """The ledger's count of ``issue`` by state, beside its candidates."""
    return balances_of(session, [issue])[issue.id]


def balances_of(session: Session, issues: Collection[Issue]) -> dict[int, Balance]:
    """The same of several issues, by their keys.

    One statement, so that all is counted at one moment; its parts are read from
    indexes, as one grouped count would read each row of the issues.
    """
    counts: dict[int, dict[str, int]] = {issue.id: {} for issue in issues}
    if issues:
        parts = [part for issue in issues for part in _counts(issue)]
        for key, word, number in session.execute(union_all(*parts)):
            counts[key][word] = number
    return {issue.id: _balance(issue, counts[issue.id]) for issue in issues}


def _counts(issue: Issue) -> Iterator[Select[int, str, int]]:
    of_issue, key = Delivery.issue_id == issue.id, literal(issue.id)
    yield select(key, literal("sent"), func.count()).where(of_issue, SENT_ROWS)
    yield select(key, literal("open"), func.count()).where(of_issue, OPEN_ROWS)
    others = select(key, cast(Delivery.state, String), func.count())
    yield others.where(of_issue, ROWS_WITH_A_REASON).group_by(Delivery.state)


def _balance(issue: Issue, counts: Mapping[str, int]) -> Balance:
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
