"""The date in an address of the admin."""

from datetime import date

from newsletter.errors import NotFound


def day_of(text: str) -> date:
    """The date that an address names, as ``2026-11-30``. Raises NotFound."""
    try:
        day = date.fromisoformat(text)
    except ValueError as error:
        raise NotFound("There is no such day.") from error
    if day.isoformat() != text:  # 20261130 and 2026-W49-1 are dates too, and other addresses
        raise NotFound("There is no such day.")
    return day
