"""The issue that an address of the admin names."""

from sqlalchemy.orm import Session

from newsletter.issues import calendar
from newsletter.models.issue import Issue


def issue_at(session: Session, slot: str) -> Issue:
    """The issue of a slot as an address has it: see ``Issue.slot``. Raises NotFound."""
    return calendar.get(session, *calendar.parse_slot(slot))
