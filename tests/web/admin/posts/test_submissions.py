"""The queue of what readers brought, and what a curator decides."""

import re
from collections.abc import Callable

import pytest
from sqlalchemy import select
from werkzeug.test import TestResponse

from newsletter.catalog import datasets
from newsletter.installation import Installation
from newsletter.models import Notice, Submission
from newsletter.models.submission import SubmissionKind, SubmissionState
from newsletter.submissions import queue
from tests import factories
from tests.web.admin.conftest import CURATOR, Browser
from tests.web.admin.datasets.test_dataset_form import CSV, WORDS, stored_note

QUEUE = "/admin/submissions/"
NOTEBOOK = (
    b'{"nbformat": 4, "nbformat_minor": 5, "metadata": {}, "cells": [{"cell_type": "code",'
    b' "id": "a", "metadata": {}, "execution_count": 1, "source": "print(1 + 1)",'
    b' "outputs": [{"output_type": "stream", "name": "stdout", "text": "2\\n"}]}]}'
)


@pytest.fixture
def code(installation: Installation) -> str:
    """The page of a notebook that waits."""
    with installation.db.write() as session:
        version = factories.dataset(session, installation.storage)
        made = factories.submission(session, installation.storage, version, NOTEBOOK)
        return f"{QUEUE}{made.id}/"


@pytest.fixture
def suggested(installation: Installation) -> Callable[..., int]:
    """Makes a suggested dataset that waits; its number."""

    def make(content: bytes | None = None, **said: str | None) -> int:
        with installation.db.write() as session:
            other = factories.dataset(session, installation.storage, slug="other")
            words = {
                "kind": SubmissionKind.DATASET,
                "dataset": None,
                "title": "Seals of the Wadden Sea, counted from the air since 1959",
                "about": "Each row is one count of seals on one sandbank, from the air.",
                "license": "CC-BY-4.0",
                "link": "https://example.org/seals",
                "file_name": "seals.csv",
                "name": "Ann Lee",
            }
            made = factories.submission(
                session, installation.storage, other, content, **(words | said)
            )
            return made.id

    return make


def kept(installation: Installation, number: int = 1) -> Submission:
    with installation.db.read() as session:
        return queue.get(session, number)


def told(installation: Installation) -> list[Notice]:
    with installation.db.read() as session:
        return list(session.scalars(select(Notice)))


def said(page: TestResponse) -> list[str]:
    """The sentences on top of a page."""
    return re.findall(r'<p class="said[^>]*>([^<]*)<', page.text)


def test_the_overview_says_that_something_waits(curator: Browser, code: str) -> None:
    page = curator.get("/admin/").text
    assert "1 waits for you" in page
    assert "Bills tell them apart" in page
    curator.post(f"{code}decline", code)
    assert "Nothing waits." in curator.get("/admin/").text


def test_the_queue_has_what_waits_before_what_was_decided(
    curator: Browser, code: str, suggested: Callable[..., int]
) -> None:
    suggested(link="https://example.org/seals")
    assert "Decided" not in curator.get(QUEUE).text
    curator.post(f"{code}accept", code)
    page = curator.get(QUEUE).text
    places = [page.index(words) for words in ("Waiting", "Seals of", "Decided", "Bills tell")]
    assert places == sorted(places)


def test_a_page_shows_what_was_said_and_never_the_whole_address(
    curator: Browser, code: str
) -> None:
    page = curator.get(code).text
    for words in ("Bills tell them apart", "Bo Berg", "bills.ipynb", "MIT", "b…@example.org"):
        assert words in page
    assert "bo@example.org" not in page
    (link,) = re.findall(r'<a href="https://example.org/bo/bills"[^>]*>', page)
    assert 'rel="noopener noreferrer nofollow"' in link


def test_the_file_is_saved_and_not_shown(curator: Browser, code: str) -> None:
    answer = curator.get(f"{code}file")
    assert answer.data == NOTEBOOK
    assert answer.mimetype == "application/octet-stream"
    assert answer.headers["Content-Disposition"] == "attachment; filename=bills.ipynb"
    assert answer.headers["X-Content-Type-Options"] == "nosniff"
    assert answer.headers["Cache-Control"] == "no-store"


def test_a_file_that_is_gone_is_said_so(
    curator: Browser, installation: Installation, code: str
) -> None:
    installation.storage.path(kept(installation).file_key or "").unlink()
    assert "is gone" in curator.get(code).text
    assert curator.get(f"{code}file").status_code == 404


def test_accepted_code_stands_on_the_page_of_its_dataset(
    curator: Browser, installation: Installation, code: str
) -> None:
    answer = curator.post(f"{code}accept", code, answer="Nice.")
    assert said(curator.get(answer.location)) == [
        "It is accepted, and stands on the page of its dataset."
    ]
    found = kept(installation)
    assert (found.state, found.decided_by) == (SubmissionState.ACCEPTED, CURATOR)
    (notice,) = told(installation)
    assert notice.lines[1:] == ["Nice."]
    assert "Bills tell them apart" in curator.get("/datasets/penguins/made-with").text


def test_declined_code_is_answered_with_a_word(
    curator: Browser, installation: Installation, code: str
) -> None:
    curator.post(f"{code}decline", code, answer="It does not run.")
    assert kept(installation).state is SubmissionState.DECLINED
    assert [notice.lines[1:] for notice in told(installation)] == [["It does not run."]]
    assert "Bills tell them apart" not in curator.get("/datasets/penguins/made-with").text
    assert curator.get(f"{code}file").status_code == 404


@pytest.mark.parametrize("first", ["accept", "decline"])
@pytest.mark.parametrize("second", ["accept", "decline"])
def test_the_second_curator_gets_a_sentence(
    curator: Browser, owner: Browser, installation: Installation, code: str, first: str, second: str
) -> None:
    tokens = {browser: browser.token(code) for browser in (curator, owner)}  # both have it open
    curator.send(f"{code}{first}", csrf_token=tokens[curator], answer="So.")
    before = kept(installation)
    answer = owner.send(f"{code}{second}", csrf_token=tokens[owner], answer="Or so.")
    assert answer.status_code == 302
    assert said(owner.get(answer.location)) == [
        f"It was {before.state.value} by {CURATOR} already."
    ]
    after = kept(installation)
    assert (after.state, after.decided_by, after.answer) == (before.state, CURATOR, "So.")
    assert len(told(installation)) == 1


def test_a_stale_decision_keeps_the_words_and_decides_nothing(
    curator: Browser, installation: Installation, code: str
) -> None:
    for what in ("accept", "decline"):
        answer = curator.send(f"{code}{what}", csrf_token="old", answer="Well said, Bo!")
        assert answer.status_code == 400
        assert "That form is stale" in answer.text
        assert "Well said, Bo!" in answer.text
    assert kept(installation).state is SubmissionState.WAITING


@pytest.mark.parametrize("number", ["99", "9" * 40, "-1", "x"])
def test_there_is_nothing_under_another_number(curator: Browser, code: str, number: str) -> None:
    for path in ("", "file", "post"):
        assert curator.get(f"{QUEUE}{number}/{path}").status_code == 404
    for path in ("accept", "decline", "post"):
        assert curator.post(f"{QUEUE}{number}/{path}", code).status_code == 404
    new = "/admin/datasets/new"
    answer = curator.post(new, new, **(WORDS | {"submission": number}))
    assert answer.status_code == 422  # it has no file


def test_a_suggested_file_becomes_a_draft_with_thanks_to_the_person(
    curator: Browser, installation: Installation, suggested: Callable[..., int]
) -> None:
    number = suggested(CSV)
    new = f"/admin/datasets/new?submission={number}"
    assert new in curator.get(f"{QUEUE}{number}/").text
    page = curator.get(new)
    assert 'value="Seals of the Wadden Sea, counted from the air since 1959"' in page.text
    assert "one sandbank, from the air" in page.text
    assert 'value="Ann Lee"' in page.text
    assert 'value="https://example.org/seals"' in page.text
    assert "<strong>seals.csv</strong> (uploaded)" in page.text
    carried = {
        "submission": str(number),
        "answer": "Splendid.",
        "tables-0-stored": stored_note(page),
    }
    answer = curator.post(new, new, **(WORDS | carried | {"hat_tip": "Ann Lee"}))
    assert answer.status_code == 302
    curator.work()
    with installation.db.read() as session:
        version = datasets.newest(session, "harbour-seals")
        assert version.tables[0].rows == 4
        assert version.credit is not None
        assert version.credit["hat_tip"] == "Ann Lee"
        found = queue.get(session, number)
        assert (found.state, found.dataset_id) == (SubmissionState.ACCEPTED, version.dataset_id)
    (notice,) = told(installation)
    assert notice.subject.startswith("Accepted: Seals")
    assert notice.lines[1:] == ["Splendid."]


@pytest.mark.parametrize(
    ("link", "fetched"),
    [
        ("https://example.org/seals", ""),
        ("https://example.org/data/seals.CSV?v=2", "https://example.org/data/seals.CSV?v=2"),
        ("https://example.org/seals.csv.gz", "https://example.org/seals.csv.gz"),
    ],
)
def test_a_link_to_a_file_is_the_tables_address_too(
    curator: Browser, suggested: Callable[..., int], link: str, fetched: str
) -> None:
    page = curator.get(f"/admin/datasets/new?submission={suggested(link=link)}").text
    (address,) = re.findall(r'name="tables-0-url"[^>]* value="([^"]*)"', page)
    assert address == fetched
    assert re.findall(r'name="sources-0-url"[^>]* value="([^"]*)"', page) == [link]


def test_what_is_refused_of_a_suggestion_decides_nothing(
    curator: Browser, installation: Installation, suggested: Callable[..., int]
) -> None:
    number = suggested(CSV)
    new = f"/admin/datasets/new?submission={number}"
    carried = {"submission": str(number), "tables-0-stored": stored_note(curator.get(new))}
    answer = curator.post(new, new, **(WORDS | carried | {"title": ""}))
    assert answer.status_code == 422
    assert f'name="submission" type="hidden" value="{number}"' in answer.text
    assert kept(installation, number).state is SubmissionState.WAITING


def test_of_two_drafts_of_one_suggestion_the_second_is_not_made(
    curator: Browser, owner: Browser, installation: Installation, suggested: Callable[..., int]
) -> None:
    number = suggested(CSV)
    new = f"/admin/datasets/new?submission={number}"
    note = stored_note(curator.get(new))
    carried = {"submission": str(number), "tables-0-stored": note}
    token = owner.token(new)
    assert curator.post(new, new, **(WORDS | carried)).status_code == 302
    again = WORDS | carried | {"slug": "other-seals", "csrf_token": token}
    answer = owner.send(new, **again)
    assert answer.status_code == 422
    assert f"It was accepted by {CURATOR} already." in answer.text
    with installation.db.read() as session:
        assert datasets.find(session, "other-seals") is None
    assert len(told(installation)) == 1
    assert owner.get(new).status_code == 409


def test_only_what_is_a_dataset_fills_in_the_form(curator: Browser, code: str) -> None:
    assert curator.get("/admin/datasets/new?submission=1").status_code == 409
    assert curator.get("/admin/datasets/new?submission=99").status_code == 404


POST = {
    "title": "Bills tell them apart",
    "question": "Which two measurements tell the species apart?",
    "author": "Bo Berg",
    "license": "MIT",
    "language": "python",
    "version": "1.0.0",
    "requires": "pandas==2.3.3\r\n",
    "answer": "Splendid.",
}


def test_a_notebook_becomes_the_draft_of_a_post(
    curator: Browser, installation: Installation, code: str
) -> None:
    page = curator.get(f"{code}post").text
    assert 'value="Bills tell them apart"' in page
    assert 'value="Bo Berg"' in page
    answer = curator.post(f"{code}post", f"{code}post", **POST)
    assert answer.status_code == 302
    assert said(curator.get(answer.location)) == ["It is accepted. The draft of the post is made."]
    with installation.db.read() as session:
        found = queue.get(session, 1)
        assert found.state is SubmissionState.ACCEPTED
        post = found.post
        assert post is not None
        assert (post.slug, post.state.value) == ("penguins-bills-tell-them-apart", "draft")
        assert (post.author, post.license, post.requires) == ("Bo Berg", "MIT", ["pandas==2.3.3"])
        assert "1 + 1" in str(post.cells)
    assert told(installation)[0].lines[1:] == ["Splendid."]


@pytest.mark.parametrize(
    ("field", "typed"),
    [
        ("question", ""),
        ("license", "mine"),
        ("version", "9.9.9"),
        ("requires", "pandas"),
        ("title", "x"),
    ],
)
def test_what_a_post_lacks_is_said_and_decides_nothing(
    curator: Browser, installation: Installation, code: str, field: str, typed: str
) -> None:
    answer = curator.post(f"{code}post", f"{code}post", **(POST | {field: typed}))
    assert answer.status_code == 422
    assert 'role="alert"' in answer.text
    assert "Splendid." in answer.text
    assert kept(installation).state is SubmissionState.WAITING


def test_a_strangers_post_never_takes_the_place_of_another(
    curator: Browser, installation: Installation, code: str
) -> None:
    with installation.db.write() as session:
        version = datasets.newest(session, "penguins")
        factories.post(session, version, "penguins-bills-tell-them-apart")
    answer = curator.post(f"{code}post", f"{code}post", **POST)
    assert answer.status_code == 422
    assert "There is a post of that name already: choose another title." in answer.text


def test_a_broken_notebook_is_refused_with_a_sentence(
    curator: Browser, installation: Installation, code: str
) -> None:
    installation.storage.path(kept(installation).file_key or "").write_bytes(b'{"cells": [')
    answer = curator.post(f"{code}post", f"{code}post", **POST)
    assert answer.status_code == 422
    assert kept(installation).state is SubmissionState.WAITING


def test_a_link_cannot_be_made_a_post(
    curator: Browser, installation: Installation, code: str
) -> None:
    with installation.db.write() as session:
        version = datasets.newest(session, "penguins")
        factories.submission(session, installation.storage, version, None)
    assert "made a post" not in curator.get(f"{QUEUE}2/").text
    assert curator.get(f"{QUEUE}2/post").status_code == 302


def test_the_menu_leads_to_the_queue(curator: Browser, owner: Browser) -> None:
    for browser in (curator, owner):
        assert f'href="{QUEUE}"' in browser.get("/admin/").text
    assert 'aria-current="page">Submissions' in owner.get(QUEUE).text
