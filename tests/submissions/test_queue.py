"""What readers brought, from the form's end to the answer, on both databases."""

import threading
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from sqlalchemy import select

from newsletter.audience.suppression import address_hash, suppress
from newsletter.db import Database
from newsletter.email_address import parse_address
from newsletter.errors import Conflict, Invalid, NewsletterError, NotFound, TooMany
from newsletter.models import Notice, Submission
from newsletter.models.delivery import DeliveryState, NoticeKind
from newsletter.models.post import PostState
from newsletter.models.submission import SubmissionKind, SubmissionState
from newsletter.models.subscriber import SuppressionReason
from newsletter.storage import Storage
from newsletter.submissions import limits, queue
from newsletter.tokens import Signer
from tests import factories
from tests.submissions.test_form import GOOD

NOW = datetime(2026, 11, 23, 12, tzinfo=UTC)
SIGNER = Signer("a secret for the tests")
SUGGESTED = replace(GOOD, kind=SubmissionKind.DATASET, dataset="")
EVE = "eve@example.org"


@pytest.fixture
def house(db: Database, tmp_path: Path) -> Database:
    """With the penguins in it."""
    with db.write() as session:
        factories.dataset(session, Storage(tmp_path / "storage"))
    return db


def brought(db: Database) -> int:
    with db.write() as session:
        return queue.submit(session, GOOD, NOW).id


def accept(db: Database, number: int, words: str = "", by: str = EVE) -> None:
    with db.write() as session:
        queue.accept(session, SIGNER, number, by, words, NOW)


def decline(db: Database, number: int, words: str = "", by: str = EVE) -> None:
    with db.write() as session:
        queue.decline(session, SIGNER, number, by, words, NOW)


def kept(db: Database, number: int) -> Submission:
    with db.read() as session:
        return queue.get(session, number)


def answers(db: Database) -> list[Notice]:
    with db.read() as session:
        return list(session.scalars(select(Notice)))


def test_it_waits_with_what_was_said(house: Database) -> None:
    found = kept(house, brought(house))
    assert found.state is SubmissionState.WAITING
    assert (found.title, found.name, found.link) == (GOOD.title, GOOD.name, GOOD.link)
    assert (found.license, found.address) == ("MIT", "bo@example.org")
    assert answers(house) == []


def test_the_same_one_sent_twice_waits_once(house: Database) -> None:
    assert brought(house) == brought(house)
    decline(house, brought(house))
    again = brought(house)
    assert kept(house, again).state is SubmissionState.WAITING


def test_code_is_about_a_published_dataset(house: Database) -> None:
    for slug in ("", "nothing", "' OR 1=1 --"):
        with house.write() as session, pytest.raises(Invalid) as refused:
            queue.submit(session, replace(GOOD, dataset=slug), NOW)
        assert list(refused.value.fields) == ["dataset"]


def test_a_full_queue_takes_no_more(house: Database, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(limits, "WAITING_AT_MOST", 1)
    first = brought(house)
    assert brought(house) == first
    with house.write() as session, pytest.raises(TooMany):
        queue.submit(session, SUGGESTED, NOW)


def test_the_oldest_waits_first_and_the_last_decision_is_shown_first(house: Database) -> None:
    with house.write() as session:
        for n, minutes in enumerate((5, 1, 9, 3)):
            offer = replace(GOOD, title=f"Number {n}")
            queue.submit(session, offer, NOW + timedelta(minutes=minutes))
        in_order = [submission.title for submission in queue.waiting(session)]
        assert in_order == ["Number 1", "Number 3", "Number 0", "Number 2"]
        assert queue.count_waiting(session) == 4
        for n, number in enumerate([s.id for s in queue.waiting(session)][:2]):
            moment = NOW + timedelta(days=n)
            queue.decline(session, SIGNER, number, EVE, "", moment)
        shown = [submission.title for submission in queue.decided(session).rows]
        assert shown == ["Number 3", "Number 1"]
        assert queue.count_waiting(session) == 2


def test_accepted_code_is_shown_with_its_dataset_and_the_person_is_told(house: Database) -> None:
    number = brought(house)
    accept(house, number, "Nice work.\n\nKeep   on.")
    found = kept(house, number)
    assert (found.state, found.decided_by, found.decided_at) == ("accepted", EVE, NOW)
    (notice,) = answers(house)
    assert (notice.kind, notice.address) == (NoticeKind.ANSWER, "bo@example.org")
    assert notice.subject == "Accepted: Bills tell them apart"
    assert "a credit to Bo Berg" in notice.lines[0]
    assert notice.lines[1:] == ["Nice work.", "Keep on."]
    assert notice.path == "/datasets/penguins/made-with"
    with house.read() as session:
        version = session.scalars(select(Submission)).one().dataset
        assert version is not None
        assert [s.id for s in queue.made_with(session, version).rows] == [number]


def test_what_waits_or_was_declined_is_not_shown(house: Database) -> None:
    number = brought(house)
    with house.read() as session:
        dataset = queue.get(session, number).dataset
        assert dataset is not None
        assert list(queue.made_with(session, dataset).rows) == []
    decline(house, number, "No.")
    with house.read() as session:
        assert list(queue.made_with(session, dataset).rows) == []


def test_a_declined_one_is_answered_with_the_curators_words_alone(house: Database) -> None:
    number = brought(house)
    decline(house, number, "It does not run.")
    (notice,) = answers(house)
    assert notice.subject == "About “Bills tell them apart”"
    assert notice.lines[1:] == ["It does not run."]
    assert notice.path == ""


def test_without_a_word_a_declined_one_is_not_answered_and_nothing_of_it_is_kept(
    house: Database,
) -> None:
    with house.write() as session:
        file = queue.submit(session, GOOD, NOW)
        file.file_key, file.file_name = "0" * 64 + ".offered", "bills.ipynb"
        number = file.id
    decline(house, number, " \n ")
    found = kept(house, number)
    assert (found.address, found.file_key) == (None, None)
    assert answers(house) == []


def test_who_left_no_address_is_told_nothing(house: Database) -> None:
    with house.write() as session:
        number = queue.submit(session, replace(GOOD, address=""), NOW).id
    accept(house, number, "Nice.")
    assert answers(house) == []


def test_a_suppressed_address_is_not_written_to(house: Database) -> None:
    number = brought(house)
    with house.write() as session:
        hashed = address_hash(SIGNER, parse_address("bo@example.org"))
        suppress(session, hashed, SuppressionReason.COMPLAINT, NOW)
    accept(house, number, "Nice.")
    assert answers(house) == []
    assert kept(house, number).address is None


@pytest.mark.parametrize("first", [accept, decline])
@pytest.mark.parametrize("second", [accept, decline])
def test_what_is_decided_stays_decided(house: Database, first, second) -> None:  # type: ignore[no-untyped-def]
    number = brought(house)
    first(house, number, "So.", "ann@example.org")
    before = kept(house, number).state
    with pytest.raises(Conflict, match=f"It was {before.value} by ann@example.org already"):
        second(house, number, "Or so.")
    assert kept(house, number).state is before
    assert len(answers(house)) == 1


def test_of_two_curators_who_decide_at_once_one_does(house: Database) -> None:
    number = brought(house)
    together, refused = threading.Barrier(2), []

    def decide(by: str) -> None:
        together.wait()
        try:
            accept(house, number, "Nice.", by)
        except NewsletterError as error:
            refused.append(str(error))

    curators = ("ann@example.org", "eve@example.org")
    threads = [threading.Thread(target=decide, args=(by,)) for by in curators]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    winner = kept(house, number).decided_by
    assert winner in curators
    assert refused == [f"It was accepted by {winner} already."]
    assert len(answers(house)) == 1


def test_a_suggested_dataset_is_accepted_as_the_draft_that_became_of_it(house: Database) -> None:
    with house.write() as session:
        number = queue.submit(session, SUGGESTED, NOW).id
    with pytest.raises(Invalid, match="Make a draft of it"):
        accept(house, number)
    with house.write() as session:
        dataset = queue.submit(session, GOOD, NOW).dataset
        queue.accept(session, SIGNER, number, EVE, "", NOW, dataset=dataset)
    assert kept(house, number).state is SubmissionState.ACCEPTED
    (notice,) = answers(house)
    assert "It is a draft in our catalog now" in notice.lines[0]


def test_what_became_a_post_is_the_posts_to_show(house: Database) -> None:
    number = brought(house)
    with house.write() as session:
        submission = queue.get(session, number)
        assert submission.dataset is not None
        version = submission.dataset.versions[0]
        post = factories.post(session, version, state=PostState.DRAFT)
        queue.accept(session, SIGNER, number, EVE, "", NOW, post=post)
        assert submission.post_id == post.id
        assert list(queue.made_with(session, submission.dataset).rows) == []
    (notice,) = answers(house)
    assert "It is a draft of a post now" in notice.lines[0]


@pytest.mark.parametrize("state", [DeliveryState.SENT, DeliveryState.FAILED])
def test_the_address_is_forgotten_once_the_answer_was_sent(
    house: Database, state: DeliveryState
) -> None:
    number = brought(house)
    accept(house, number)
    with house.write() as session:
        assert queue.forget_addresses(session, NOW) == 0
        session.scalars(select(Notice)).one().state = state
    with house.write() as session:
        assert queue.forget_addresses(session, NOW) == 1
    assert kept(house, number).address is None
    assert answers(house) == []


def test_the_address_is_forgotten_after_90_days(house: Database) -> None:
    waits, told = brought(house), None
    with house.write() as session:
        told = queue.submit(session, SUGGESTED, NOW).id
        queue.decline(session, SIGNER, told, EVE, "No.", NOW + timedelta(days=1))
    for days, forgotten in ((89, 0), (90, 1), (91, 1), (92, 0)):
        with house.write() as session:
            moment = NOW + timedelta(days=days)
            assert queue.forget_addresses(session, moment) == forgotten
    assert [kept(house, n).address for n in (waits, told)] == [None, None]
    assert kept(house, waits).state is SubmissionState.WAITING
    assert answers(house) == []


def test_other_notices_are_left_alone(house: Database) -> None:
    with house.write() as session:
        alert = Notice(kind=NoticeKind.ALERT, address=EVE, created_at=NOW, not_before=NOW)
        alert.state, alert.once = DeliveryState.SENT, "submission 1"
        session.add(alert)
    number = brought(house)
    with house.write() as session:
        queue.forget_addresses(session, NOW)
    assert len(answers(house)) == 1
    assert kept(house, number).address is not None


def test_there_is_no_such_submission(house: Database) -> None:
    for act in (accept, decline):
        with pytest.raises(NotFound):
            act(house, 99)
