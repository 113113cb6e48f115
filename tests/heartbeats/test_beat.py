"""A process writes its row, sees the others, and takes it away at its end."""

from datetime import timedelta

import pytest
from sqlalchemy import event

from newsletter.db import Database
from newsletter.heartbeats import beat as beats
from newsletter.heartbeats.beat import Heart
from newsletter.heartbeats.clock_reading import measure
from newsletter.models.process import Process, ProcessRole
from tests.heartbeats.rows import age, beat, names, roll_of

CLOCK, WORKER = ProcessRole.CLOCK, ProcessRole.WORKER


def test_a_beat_shows_the_process_and_who_else_lives(db: Database) -> None:
    other = beat(db, WORKER, "there")
    heart = Heart(db, CLOCK)
    with db.one_statement() as connection:
        heart.beat(connection)
        seen = heart.beat(connection)
    assert {process.name for process in seen.roll.living} == {other, heart.name}
    [clock] = seen.roll.of_role(CLOCK).living
    assert clock.seen_at > clock.started_at
    assert clock.silent_at - clock.seen_at == pytest.approx(
        beats.SILENT_AFTER, abs=timedelta(seconds=1)
    )
    assert names(db) == {other, heart.name}


def test_a_beat_is_one_statement_on_a_server(db: Database) -> None:
    heart, statements = Heart(db, CLOCK), list[str]()
    with db.one_statement() as connection:
        event.listen(
            connection, "before_cursor_execute", lambda *given: statements.append(given[2])
        )
        heart.beat(connection)
    assert len(statements) == (2 if db.is_sqlite else 1)


def test_the_clock_of_a_server_is_read_by_each_beat(db: Database) -> None:
    heart = Heart(db, CLOCK)
    with db.one_statement() as connection:
        first = heart.beat(connection)
        if db.is_sqlite:
            assert first.reading is None
            return
        assert first.reading is not None
        assert abs(first.reading.ahead) < 1
        heart.beat(connection, first.reading)
    [clock] = roll_of(db).living
    assert clock.clock_ahead == pytest.approx(first.reading.ahead)


def test_who_is_not_seen_for_half_a_minute_is_silent_until_seen_again(db: Database) -> None:
    heart = Heart(db, CLOCK)
    with db.one_statement() as connection:
        heart.beat(connection)
    age(db, heart.name, 29)
    assert [process.name for process in roll_of(db).living] == [heart.name]
    age(db, heart.name, 2)
    assert [process.name for process in roll_of(db).silent] == [heart.name]
    with db.one_statement() as connection:
        heart.beat(connection)
    assert roll_of(db).silent == ()


def test_the_end_takes_the_row_away_and_those_that_it_came_in_the_place_of(db: Database) -> None:
    killed = beat(db, CLOCK, "here", ago=100)
    elsewhere = beat(db, CLOCK, "there", ago=100)
    lives = beat(db, CLOCK, "here")
    heart = Heart(db, CLOCK)
    heart.host = "here"
    with db.one_statement() as connection:
        heart.beat(connection)
        assert names(db) == {killed, elsewhere, lives, heart.name}
        heart.end(connection)
    assert names(db) == {elsewhere, lives}


def test_what_was_silent_for_a_day_is_forgotten_but_for_the_last_of_its_role(db: Database) -> None:
    day = 24 * 60 * 60
    old = beat(db, CLOCK, ago=2 * day)
    last_clock = beat(db, CLOCK, ago=day + 100)
    of_today = [beat(db, WORKER, ago=day - 100), beat(db, WORKER, ago=60)]
    with db.one_statement() as connection:
        Heart(db, CLOCK).forget_the_silent(connection)
    assert names(db) == {last_clock, *of_today}
    assert old not in names(db)


def test_a_role_that_cron_starts_has_one_row(db: Database) -> None:
    for _ in range(2):
        heart = Heart(db, CLOCK, "clock.once.here", beats.ONE_RUN_COUNTS_FOR)
        with db.one_statement() as connection:
            heart.beat(connection, measure(db))
    age(db, "clock.once.here", 3500)
    assert names(db) == {"clock.once.here"}
    assert roll_of(db).of_role(CLOCK).is_running


def test_the_table_says_who_it_was(db: Database) -> None:
    name = beat(db, WORKER, "there")
    with db.read() as session:
        process = session.get_one(Process, name)
    assert (process.role, process.host) == (WORKER, "there")
    assert process.pid > 0
    assert process.version
