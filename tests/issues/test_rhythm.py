"""What suits each day: a suggestion, and never a Monday for a post."""

from datetime import date

from newsletter.issues.rhythm import post_days_from, suggestion

TUESDAY = date(2026, 11, 24)


def test_each_working_day_has_a_suggestion() -> None:
    days = [date(2026, 11, 23 + n) for n in range(7)]
    assert [suggestion(day) for day in days] == [
        "The dataset",
        "Load and check",
        "One question in SQL",
        "A chart",
        "A model, or a reader’s work",
        "",
        "",
    ]


def test_the_days_of_posts_are_all_but_mondays_from_today_on() -> None:
    days = post_days_from(TUESDAY.replace(day=26), 2)
    assert [day.day for day in days] == [26, 27, 28, 29, 1, 2, 3, 4, 5, 6]


def test_on_a_monday_they_begin_tomorrow() -> None:
    assert post_days_from(date(2026, 11, 23), 1)[0] == TUESDAY
