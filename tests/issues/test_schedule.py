"""Each Monday has exactly one moment, whatever the clocks do."""

from datetime import UTC, date, datetime, time, timedelta
from itertools import pairwise
from zoneinfo import ZoneInfo, available_timezones

import pytest
from hypothesis import given
from hypothesis import strategies as st

from newsletter.issues.schedule import (
    Due,
    Waves,
    due,
    is_monday,
    latest_day,
    local_day,
    moment,
    monday_of,
    mondays_from,
    waves,
)
from newsletter.settings import SendAt

ZONES = (
    "America/New_York",
    "Europe/London",
    "Australia/Lord_Howe",  # half an hour of summer time
    "America/Sao_Paulo",  # summer time began at midnight
    "Asia/Kathmandu",
    "Pacific/Apia",  # left out 30 December 2011
    "Asia/Tehran",  # changes by date, so on Mondays too
)
TIMES = (time(0), time(0, 30), time(2, 30), time(9), time(23, 59))
NINE = SendAt(0, time(9))
NINE_LOCAL = SendAt(0, time(9), local=True)
HOUR, SECOND = timedelta(hours=1), timedelta(seconds=1)
NEW_YORK = ZoneInfo("America/New_York")
MONDAY = date(2026, 11, 23)


def exists(day: date, wall: time, zone: ZoneInfo) -> bool:
    """Whether the clocks of a zone ever show that time on that day."""
    local = datetime.combine(day, wall, zone)
    return local.astimezone(UTC).astimezone(zone).replace(tzinfo=None) == local.replace(tzinfo=None)


@pytest.mark.parametrize("first", [date(2009, 1, 1), date(2026, 1, 1)])
@pytest.mark.parametrize("wall", TIMES)
@pytest.mark.parametrize("name", ZONES)
def test_ten_years_of_mondays_have_one_moment_each_at_the_right_wall_time(
    name: str, wall: time, first: date
) -> None:
    zone = ZoneInfo(name)
    mondays = mondays_from(first, 522)
    moments = [moment(day, SendAt(0, wall), zone) for day in mondays]
    assert all(earlier < later for earlier, later in pairwise(moments))
    for day, at in zip(mondays, moments, strict=True):
        assert at.utcoffset() == timedelta(0)
        assert local_day(at, zone) == day
        shown = at.astimezone(zone).time()
        assert shown == wall or (shown > wall and not exists(day, wall, zone))


def test_the_wall_time_stays_while_the_utc_time_moves_with_the_summer() -> None:
    winter, summer = (
        moment(date(2026, 1, 5), NINE, NEW_YORK),
        moment(date(2026, 7, 6), NINE, NEW_YORK),
    )
    assert (winter.hour, summer.hour) == (14, 13)


@pytest.mark.parametrize(
    ("day", "hours"),
    [
        (date(2026, 3, 9), 7 * 24 - 1),  # the clocks went forward on the Sunday before
        (date(2026, 11, 2), 7 * 24 + 1),  # and back
        (date(2026, 11, 23), 7 * 24),
    ],
)
def test_the_week_before_has_the_hours_that_the_clocks_give_it(day: date, hours: int) -> None:
    before = moment(day - timedelta(weeks=1), NINE, NEW_YORK)
    assert moment(day, NINE, NEW_YORK) - before == timedelta(hours=hours)


@pytest.mark.parametrize(
    ("zone", "day", "wall", "at"),
    [
        # 02:00 to 03:00 is left out: 02:30 would be half an hour after the jump.
        (
            "America/New_York",
            date(2026, 3, 8),
            time(2, 30),
            datetime(2026, 3, 8, 7, 30, tzinfo=UTC),
        ),
        ("Europe/London", date(2026, 3, 29), time(1, 30), datetime(2026, 3, 29, 1, 30, tzinfo=UTC)),
        # A Monday without its first hour.
        ("Asia/Tehran", date(2016, 3, 21), time(0, 30), datetime(2016, 3, 20, 21, tzinfo=UTC)),
    ],
)
def test_a_time_that_the_clocks_leave_out_is_as_far_after_the_jump(
    zone: str, day: date, wall: time, at: datetime
) -> None:
    assert not exists(day, wall, ZoneInfo(zone))
    assert moment(day, SendAt(0, wall), ZoneInfo(zone)) == at


@pytest.mark.parametrize(
    ("zone", "day", "wall", "at"),
    [
        (
            "America/New_York",
            date(2026, 11, 1),
            time(1, 30),
            datetime(2026, 11, 1, 5, 30, tzinfo=UTC),
        ),
        (
            "Australia/Lord_Howe",
            date(2026, 4, 5),
            time(1, 45),
            datetime(2026, 4, 4, 14, 45, tzinfo=UTC),
        ),
        # A Monday whose last hour comes twice.
        ("Asia/Tehran", date(2015, 9, 21), time(23, 30), datetime(2015, 9, 21, 19, tzinfo=UTC)),
    ],
)
def test_a_time_that_comes_twice_is_the_first_of_the_two(
    zone: str, day: date, wall: time, at: datetime
) -> None:
    assert moment(day, SendAt(0, wall), ZoneInfo(zone)) == at


def test_a_slot_is_due_from_its_moment_until_its_deadline() -> None:
    begin, deadline = moment(MONDAY, NINE, NEW_YORK), 12 * HOUR

    def stands(now: datetime) -> Due:
        return due(Waves(begin, {}), now, deadline)

    assert stands(begin - SECOND) is Due.NOT_YET
    assert stands(begin) is Due.NOW
    assert stands(begin + deadline) is Due.NOW
    assert stands(begin + deadline + SECOND) is Due.TOO_LATE


def test_the_deadline_counts_hours_and_not_the_wall_clock() -> None:
    sunday, late = date(2026, 11, 1), SendAt(0, time(0, 30))  # a day of 25 hours
    begin = moment(sunday, late, NEW_YORK)
    deadline = timedelta(hours=24)
    assert due(Waves(begin, {}), begin + deadline, deadline) is Due.NOW
    assert (begin + deadline).astimezone(NEW_YORK).time() == time(23, 30)


def test_the_monday_of_a_week_is_its_first_day() -> None:
    week = [MONDAY + timedelta(days=n) for n in range(7)]
    assert {monday_of(day) for day in week} == {MONDAY}
    assert [is_monday(day) for day in week] == [True] + [False] * 6


@pytest.mark.parametrize("days", range(7))
def test_the_next_mondays_are_not_before_the_day(days: int) -> None:
    day = MONDAY - timedelta(days=days)
    assert mondays_from(day, 3) == [MONDAY + timedelta(weeks=n) for n in range(3)]


def test_today_is_the_date_in_the_zone_of_the_list() -> None:
    now = datetime(2026, 11, 23, 2, tzinfo=UTC)
    assert local_day(now, NEW_YORK) == date(2026, 11, 22)
    assert local_day(now, ZoneInfo("Asia/Kathmandu")) == date(2026, 11, 23)


def test_the_latest_day_is_that_of_the_first_islands() -> None:
    assert latest_day(datetime(2026, 11, 22, 9, 59, tzinfo=UTC)) == date(2026, 11, 22)
    assert latest_day(datetime(2026, 11, 22, 10, tzinfo=UTC)) == date(2026, 11, 23)


# Waves.


@given(
    st.sampled_from(sorted(available_timezones())),
    st.integers(0, 520).map(lambda week: date(2024, 1, 1) + timedelta(weeks=week)),
    st.times().map(lambda wall: wall.replace(second=0, microsecond=0)),
)
def test_whatever_the_zone_the_wave_is_at_that_time_of_that_monday(
    name: str, day: date, wall: time
) -> None:
    zone = ZoneInfo(name)
    wave = waves(day, SendAt(0, wall, local=True), NEW_YORK, [name]).own[name]
    shown = wave.astimezone(zone)
    assert shown.date() == day
    assert shown.time() == wall or (shown.time() > wall and not exists(day, wall, zone))
    assert latest_day(wave) >= day  # the clock looks for it by then


@given(
    st.lists(st.sampled_from(sorted(available_timezones())), max_size=5),
    st.sampled_from(sorted(available_timezones())),
)
def test_an_issue_begins_with_its_first_wave_and_all_come_within_26_hours(
    chosen: list[str], of_list: str
) -> None:
    planned = waves(MONDAY, NINE_LOCAL, ZoneInfo(of_list), chosen)
    moments = [planned.main, *planned.own.values()]
    assert planned.first == min(moments)
    assert max(moments) - planned.first <= 26 * HOUR
    assert due(planned, planned.first - SECOND, HOUR) is Due.NOT_YET
    assert due(planned, planned.first, HOUR) is Due.NOW


def test_waves_are_only_where_they_were_asked_for() -> None:
    assert waves(MONDAY, NINE, NEW_YORK, ["Asia/Tokyo"]).own == {}
    assert set(waves(MONDAY, NINE_LOCAL, NEW_YORK, ["Asia/Tokyo"]).own) == {"Asia/Tokyo"}


@pytest.mark.parametrize(
    "name",
    ["", "Mars/Olympus", "../../etc/passwd", "/etc/passwd", "America", "a\0b", "é", "x" * 999],
)
def test_a_zone_that_is_not_known_has_no_wave_of_its_own(name: str) -> None:
    assert waves(MONDAY, NINE_LOCAL, NEW_YORK, [name]).own == {}


def test_the_deadline_counts_from_the_moment_of_the_list() -> None:
    planned = waves(MONDAY, NINE_LOCAL, NEW_YORK, ["Asia/Tokyo", "Pacific/Honolulu"])
    assert planned.main - planned.own["Asia/Tokyo"] == 14 * HOUR
    assert due(planned, planned.main + HOUR, HOUR) is Due.NOW
    assert due(planned, planned.main + HOUR + SECOND, HOUR) is Due.TOO_LATE
