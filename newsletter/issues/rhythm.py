"""What suits each day of the week: a suggestion to curators, and no rule. Pure."""

from datetime import date, timedelta

SUGGESTIONS = (
    "The dataset",
    "Load and check",
    "One question in SQL",
    "A chart",
    "A model, or a reader’s work",
    "",
    "",
)


def suggestion(day: date) -> str:
    """What to open that day; empty: nothing in particular."""
    return SUGGESTIONS[day.weekday()]


def post_days_from(day: date, weeks: int) -> list[date]:
    """The days of ``weeks`` weeks, the one of ``day`` first, that a post can be mailed on, as
    far as they are not before ``day``."""
    monday = day - timedelta(days=day.weekday())
    days = [monday + timedelta(days=n) for n in range(7 * weeks)]
    return [post_day for post_day in days if post_day >= day and post_day.weekday() != 0]
