"""An import adds who is new, changes nobody, and brings back nobody who has left."""

import csv
import io
import random
from datetime import UTC, datetime, timedelta

import pytest
from sqlalchemy import func, select

from newsletter.audience.privacy import erase
from newsletter.audience.subscriptions import find, leave
from newsletter.audience.transfer import (
    LINE_AT_MOST,
    Transfer,
    harmless,
    import_csv,
    read_rows,
    write_rows,
)
from newsletter.db import Database
from newsletter.email_address import parse_address
from newsletter.errors import Invalid
from newsletter.models.delivery import Notice
from newsletter.models.subscriber import Cadence, Status, Subscriber
from newsletter.tokens import Signer
from tests import factories

NOW = datetime(2026, 11, 23, 9, tzinfo=UTC)
ANN = "ann@example.org"
signer = Signer("a secret for the tests, 0123456789")


def import_(db: Database, text: str, confirmed: bool = True, now: datetime = NOW) -> Transfer:
    with db.write() as session:
        return import_csv(session, signer, read_rows(io.StringIO(text)), confirmed, now)


def export(db: Database) -> str:
    file = io.StringIO()
    list(write_rows(db, file))
    return file.getvalue()


def statuses(db: Database) -> dict[str, Status]:
    with db.read() as session:
        return {s.address: s.status for s in session.scalars(select(Subscriber))}


def test_a_list_of_confirmed_people_is_active_at_once(db: Database) -> None:
    done = import_(
        db,
        "email,name,cadence,timezone\n"
        "ann@example.org,Ann,daily,Asia/Kathmandu\n"
        "bob@example.org,,,\n",
    )
    assert done == Transfer(added=2)
    with db.read() as session:
        ann, bob = session.scalars(select(Subscriber).order_by(Subscriber.id))
        assert (ann.name, ann.cadence, ann.timezone) == ("Ann", Cadence.DAILY, "Asia/Kathmandu")
        assert (bob.name, bob.cadence, bob.timezone) == (None, Cadence.MONDAY, None)
        assert {ann.status, bob.status} == {Status.ACTIVE}
        assert [c.form for c in ann.consents] == ["import"]
        assert session.scalars(select(Notice)).all() == []


def test_who_is_not_confirmed_is_asked_first(sqlite_db: Database) -> None:
    import_(sqlite_db, "email\nann@example.org\n", confirmed=False)
    assert statuses(sqlite_db) == {ANN: Status.PENDING}
    with sqlite_db.read() as session:
        assert session.scalars(select(Notice.address)).all() == [ANN]


def test_the_columns_may_stand_in_any_order_and_case_among_others(sqlite_db: Database) -> None:
    done = import_(sqlite_db, "Joined,NAME, Email \n2020-01-01, Ann , ann@example.org \n")
    assert done.added == 1
    with sqlite_db.read() as session:
        assert session.scalars(select(Subscriber.name)).one() == "Ann"


def test_importing_again_changes_nothing(sqlite_db: Database) -> None:
    text = "email,name\nann@example.org,Ann\nBOB@example.org,Bob\n"
    import_(sqlite_db, text)
    before = export(sqlite_db)
    again = import_(sqlite_db, text.replace("Ann", "Anna"), now=NOW + timedelta(days=1))
    assert again == Transfer(known=2)
    assert export(sqlite_db) == before


def test_an_address_that_comes_twice_in_a_file_is_one_person(sqlite_db: Database) -> None:
    done = import_(sqlite_db, "email\nann@example.org\nANN@example.org\n")
    assert (done.added, done.known) == (1, 1)


@pytest.mark.parametrize("confirmed", [True, False])
@pytest.mark.parametrize("status", [s for s in Status if s is not Status.ACTIVE])
def test_who_left_does_not_come_back_by_an_import(
    sqlite_db: Database, status: Status, confirmed: bool
) -> None:
    with sqlite_db.write() as session:
        factories.subscriber(session, signer, ANN, status)
    assert import_(sqlite_db, "email\nann@example.org\n", confirmed).known == 1
    assert statuses(sqlite_db) == {ANN: status}
    with sqlite_db.read() as session:
        assert session.scalars(select(Notice)).all() == []


@pytest.mark.parametrize("confirmed", [True, False])
def test_who_was_erased_does_not_come_back_by_an_import(
    sqlite_db: Database, confirmed: bool
) -> None:
    with sqlite_db.write() as session:
        erase(session, factories.subscriber(session, signer, ANN), NOW)
    assert import_(sqlite_db, "email\nann@example.org\n", confirmed) == Transfer(suppressed=1)
    assert statuses(sqlite_db) == {}


@pytest.mark.parametrize("status", ["unsubscribed", "bounced", "complained"])
def test_who_left_elsewhere_is_not_brought_in(sqlite_db: Database, status: str) -> None:
    done = import_(sqlite_db, f"email,status\nann@example.org,{status}\n")
    assert [line for line, _ in done.refused] == [2]
    assert statuses(sqlite_db) == {}


@pytest.mark.parametrize("status", ["opted out", "inactive", "yes", "ann@example.org", "Bounced"])
def test_a_status_that_is_not_known_is_no_leave_to_mail(sqlite_db: Database, status: str) -> None:
    done = import_(sqlite_db, f"email,status\nann@example.org,{status}\n")
    ((line, reason),) = done.refused
    assert line == 2
    assert "ann@" not in reason
    assert statuses(sqlite_db) == {}


def test_a_status_may_be_written_in_capitals(sqlite_db: Database) -> None:
    import_(sqlite_db, "email,status\nann@example.org,Active\nbob@example.org,PENDING\n")
    assert list(statuses(sqlite_db).values()) == [Status.ACTIVE, Status.PENDING]


def test_it_refuses_a_line_that_would_fill_the_memory() -> None:
    with pytest.raises(Invalid, match="Line 2 does not read as CSV"):
        list(read_rows(io.StringIO("email\n" + "," * (LINE_AT_MOST + 1))))


def test_who_had_not_confirmed_elsewhere_is_asked(sqlite_db: Database) -> None:
    import_(sqlite_db, "email,status\nann@example.org,pending\n", confirmed=True)
    assert statuses(sqlite_db) == {ANN: Status.PENDING}


@pytest.mark.parametrize(
    "row",
    [
        "not an address,Ann,,",
        ",Ann,,",
        f"{'x' * 65}@example.org,Ann,,",
        f"ann@example.org,{'x' * 201},,",
        'ann@example.org,"Ann\nBcc: all@example.org",,',
        "ann@example.org,Ann\0,,",
        "ann@example.org,Ann,hourly,",
        "ann@example.org,Ann,,Mars/Olympus_Mons",
    ],
)
def test_a_row_that_is_wrong_is_refused_alone(sqlite_db: Database, row: str) -> None:
    done = import_(sqlite_db, f"email,name,cadence,timezone\n{row}\nbob@example.org,,,\n")
    assert done.added == 1
    ((line, reason),) = done.refused
    assert line in (2, 3)
    assert reason
    assert "ann@" not in reason
    assert statuses(sqlite_db) == {"bob@example.org": Status.ACTIVE}


def test_a_row_that_is_too_short_or_too_long_is_read_for_what_it_has(sqlite_db: Database) -> None:
    done = import_(sqlite_db, "email,name,cadence\nann@example.org\nbob@example.org,B,daily,x,y\n")
    assert done == Transfer(added=2)


@pytest.mark.parametrize("text", ["", "\n", "address,name\nann@example.org,Ann\n"])
def test_it_refuses_a_file_without_a_column_of_addresses(sqlite_db: Database, text: str) -> None:
    with pytest.raises(Invalid, match="email"):
        import_(sqlite_db, text)


def test_it_refuses_a_file_that_is_not_in_utf_8() -> None:
    file = io.TextIOWrapper(io.BytesIO("email,name\nann@example.org,Zoë\n".encode("latin-1")))
    with pytest.raises(Invalid, match="UTF-8"):
        list(read_rows(file))


def test_it_refuses_a_cell_that_no_csv_reader_takes() -> None:
    usual = csv.field_size_limit(1000)  # libraries set it, some to gigabytes
    try:
        with pytest.raises(Invalid, match="does not read as CSV"):
            list(read_rows(io.StringIO(f'email\n"{"x" * 1001}"\n')))
    finally:
        csv.field_size_limit(usual)


def test_an_export_has_every_subscriber_with_what_is_kept(sqlite_db: Database) -> None:
    import_(sqlite_db, "email,name,cadence\nann@example.org,Ann,daily\nbob@example.org,Bob,\n")
    with sqlite_db.write() as session:
        bob = find(session, parse_address("bob@example.org"))
        assert bob is not None
        leave(session, bob, NOW + timedelta(days=1))
    ann, bob_row = csv.DictReader(io.StringIO(export(sqlite_db)))
    assert ann == {
        "email": ANN,
        "name": "Ann",
        "cadence": "daily",
        "timezone": "",
        "status": "active",
        "created_at": "2026-11-23T09:00:00+00:00",
        "confirmed_at": "2026-11-23T09:00:00+00:00",
        "left_at": "",
    }
    assert bob_row["status"] == "unsubscribed"
    assert bob_row["left_at"] == "2026-11-24T09:00:00+00:00"


@pytest.mark.parametrize("sign", ["=", "+", "-", "@", "\t", "\r"])
def test_a_cell_that_a_spreadsheet_would_run_is_neutralised(sign: str) -> None:
    assert harmless(f"{sign}HYPERLINK(1)") == f"'{sign}HYPERLINK(1)"


@pytest.mark.parametrize(("cell", "text"), [(None, ""), ("a=b", "a=b"), ("", ""), (7, "7")])
def test_another_cell_is_written_as_it_is(cell: object, text: str) -> None:
    assert harmless(cell) == text


def test_no_cell_of_an_export_begins_as_a_formula(sqlite_db: Database) -> None:
    with sqlite_db.write() as session:
        factories.subscriber(session, signer, "+ann@example.org", name="=cmd|'/C calc'!A0")
        factories.subscriber(session, signer, "-bob@example.org", name="@SUM(1)")
    for row in csv.reader(io.StringIO(export(sqlite_db))):
        assert not any(cell.startswith(("=", "+", "-", "@", "\t", "\r")) for cell in row)


def test_an_export_comes_in_elsewhere_with_the_same_people(
    sqlite_db: Database, db: Database
) -> None:
    """Also those whose addresses were neutralised, and none who had left."""
    with db.write() as session:
        for number, status in enumerate(Status):
            factories.subscriber(session, signer, f"+{number}@example.org", status)
    text = export(db)
    with db.write() as session:
        for person in session.scalars(select(Subscriber)):
            session.delete(person)
    done = import_(db, text)
    assert (done.added, len(done.refused)) == (2, 3)
    assert statuses(db) == {"+0@example.org": Status.PENDING, "+1@example.org": Status.ACTIVE}


def test_a_thousand_generated_rows_are_brought_in_or_refused_and_none_is_lost(
    sqlite_db: Database,
) -> None:
    chance = random.Random(20_261_123)
    cells = ["ann@example.org", "", "=1+1", "x" * 500, "é@example.org", "a@b", "\0", "daily", "'"]
    file = io.StringIO()
    writer = csv.writer(file)
    writer.writerow(("email", "name", "cadence", "timezone"))
    for number in range(1000):
        address = f"reader{number}@example.org" if chance.random() < 0.7 else chance.choice(cells)
        writer.writerow((address, *chance.choices([*cells, *[""] * 30], k=3)))
    done = import_(sqlite_db, file.getvalue())
    assert done.added + done.known + done.suppressed + len(done.refused) == 1000
    with sqlite_db.read() as session:
        assert session.scalar(select(func.count()).select_from(Subscriber)) == done.added
