"""Retry-After (RFC 9110 10.2.3): how long the other side wants to be left alone."""

import re
from datetime import UTC, datetime, timedelta
from email.utils import parsedate_to_datetime

STATUSES = {429, 503}  # that say it of us, and not of a resource that has moved
LONGEST = timedelta(days=1)  # what is longer is taken for this


def retry_after(status: int, header: str | None, now: datetime) -> timedelta | None:
    """What an answer asks for, in seconds or by an HTTP date; None: nothing, or no sense."""
    text = (header or "").strip()
    if status not in STATUSES or not text:
        return None
    if re.fullmatch("[0-9]+", text):
        return timedelta(seconds=min(int(text[:12]), LONGEST.total_seconds()))
    try:
        at = parsedate_to_datetime(text)
    except (ValueError, TypeError):
        return None
    if at.tzinfo is None:  # "-0000", or none: an HTTP date is in GMT
        at = at.replace(tzinfo=UTC)
    return min(max(at - now, timedelta(0)), LONGEST)
