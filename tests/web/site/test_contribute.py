"""Suggesting a dataset and sharing code, by the forms."""

import html
import os
import re
import socket
from collections.abc import Iterator
from datetime import timedelta
from typing import Any, cast

import pytest
import time_machine
from flask.testing import FlaskClient
from markupsafe import escape
from sqlalchemy import select

from newsletter import clock, jobs
from newsletter.installation import Installation
from newsletter.models import Notice, Submission
from newsletter.models.submission import SubmissionKind
from newsletter.submissions.form import FILE_BYTES, OFFERED
from newsletter.web.site.contribute import BODY_BYTES, TOO_OFTEN
from newsletter.web.site.form_token import HONEYPOT, STALE, TOO_FAST
from tests import factories
from tests.web.site.reader import CODE, DATA, SHARE, SUGGEST, TYPED, file, hidden, send

FORMS = [SUGGEST, SHARE]
THANKS = "It is with the curators now."


@pytest.fixture(autouse=True)
def penguins(installation: Installation) -> None:
    with installation.db.write() as session:
        factories.dataset(session, installation.storage)


def brought(installation: Installation) -> list[Submission]:
    with installation.db.read() as session:
        return list(session.scalars(select(Submission).order_by(Submission.id)))


def offered(installation: Installation) -> list[bytes]:
    """The files that strangers brought and that are in storage."""
    return [path.read_bytes() for path in installation.storage.root.glob(f"??/??/*{OFFERED}")]


def beside(page: str, field: str) -> str:
    found = re.search(rf'id="{field}-problem">([^<]*)<', page)
    return html.unescape(found[1]) if found else ""


def assert_still_typed(page: str, typed: dict[str, str]) -> None:
    for text in typed.values():
        assert str(escape(text)) in page, text


def test_a_suggestion_waits_for_a_curator(client: FlaskClient, installation: Installation) -> None:
    assert THANKS in send(client, SUGGEST).text
    (found,) = brought(installation)
    assert found.kind is SubmissionKind.DATASET
    assert {name: getattr(found, name) for name in DATA} == DATA
    assert found.dataset_id is None
    with installation.db.read() as session:
        assert list(session.scalars(select(Notice))) == []  # nobody is mailed for the asking


def test_shared_code_waits_with_its_file(client: FlaskClient, installation: Installation) -> None:
    send(client, SHARE, file=file(b"SELECT 1;", "bills.sql"))
    (found,) = brought(installation)
    assert found.kind is SubmissionKind.CODE
    assert found.dataset_id == 1
    assert found.file_name == "bills.sql"
    assert found.file_key is not None
    assert found.file_key.endswith(OFFERED)
    assert offered(installation) == [b"SELECT 1;"]


def test_the_link_on_a_datasets_page_chooses_the_dataset(client: FlaskClient) -> None:
    assert "/share?dataset=penguins" in client.get("/datasets/penguins").text
    assert '<option value="penguins" selected>' in client.get("/share?dataset=penguins").text
    assert " selected" not in client.get("/share?dataset=nothing").text


@pytest.mark.parametrize("form", FORMS)
def test_no_account_and_no_cookie_is_needed(client: FlaskClient, form: str) -> None:
    answers = [client.get(form), send(client, form)]
    assert [answer.headers.get("Set-Cookie") for answer in answers] == [None, None]
    assert answers[0].headers["Cache-Control"] == "no-store"


FIELDS = ("title", "about", "name", "link", "license", "address")
BAD = [
    *((field, "") for field in ("title", "about", "name", "link")),  # the others may be empty
    *((field, "x" * 10_000) for field in FIELDS),
    *((field, "<b>'\"&") for field in ("about", "link", "license", "address")),
]


@pytest.mark.parametrize("form", FORMS)
@pytest.mark.parametrize(("field", "typed"), BAD, ids=[f"{f} {t[:4]}" for f, t in BAD])
def test_what_was_typed_is_never_lost(
    client: FlaskClient, installation: Installation, form: str, field: str, typed: str
) -> None:
    page = send(client, form, status=422, **cast(Any, {field: typed})).text
    assert "Nothing you typed is lost." in page
    assert beside(page, field)
    assert page.count('class="problem"') == 1
    others = {
        name: text for name, text in TYPED[form].items() if name not in ("license", "dataset")
    }
    assert_still_typed(page, others | ({field: typed} if field != "license" else {}))
    for chosen in {"license", "dataset"} & TYPED[form].keys() - {field}:
        assert f'<option value="{TYPED[form][chosen]}" selected>' in page
    assert brought(installation) == []


def test_who_mends_what_was_wrong_is_not_made_to_wait(
    client: FlaskClient, installation: Installation
) -> None:
    page = send(client, SUGGEST, status=422, name="").text
    assert THANKS in client.post(SUGGEST, data=DATA | hidden(page)).text
    assert len(brought(installation)) == 1


def test_code_without_a_dataset_is_asked_for_it(client: FlaskClient) -> None:
    page = send(client, SHARE, status=422, dataset="").text
    assert beside(page, "dataset") == "Choose the dataset that your code is about."


@pytest.mark.parametrize(
    ("name", "content", "sentence"),
    [
        ("bills.exe", b"MZ", "Choose a file whose name ends in .ipynb, .md, .py, .sql or .R."),
        ("bills.py", b"", "The file is empty: choose another."),
        ("bills.py", b"#" * (FILE_BYTES + 1), "The file has 5.0 MB: choose one of at most 5 MB"),
    ],
    ids=["kind", "empty", "large"],
)
def test_a_file_that_will_not_do_is_said_so_and_not_kept(
    client: FlaskClient, installation: Installation, name: str, content: bytes, sentence: str
) -> None:
    page = send(client, SHARE, status=422, file=file(content, name)).text
    assert beside(page, "file").startswith(sentence)
    assert_still_typed(page, {name: CODE[name] for name in ("title", "about", "name", "link")})
    assert offered(installation) == []


def test_a_body_beyond_all_measure_is_not_read(
    client: FlaskClient, installation: Installation
) -> None:
    send(client, SHARE, status=413, file=file(b"#" * (BODY_BYTES + 1)))
    assert offered(installation) == []


def test_a_file_that_came_along_is_kept_while_the_rest_is_mended(
    client: FlaskClient, installation: Installation
) -> None:
    page = send(client, SHARE, status=422, name="", link="", file=file(b"1 + 1")).text
    assert "<strong>bills.py</strong> is here already." in page
    client.post(SHARE, data=CODE | hidden(page) | {"link": ""})
    (found,) = brought(installation)
    assert found.file_name == "bills.py"
    assert offered(installation) == [b"1 + 1"]


@pytest.mark.parametrize("note", ["", "x", "AAAA" * 20])
def test_a_file_that_was_not_brought_here_cannot_be_named(
    client: FlaskClient, installation: Installation, note: str
) -> None:
    send(client, SHARE, stored=note)
    (found,) = brought(installation)
    assert found.file_key is None


def test_files_that_no_submission_keeps_are_removed_after_a_day(
    client: FlaskClient, installation: Installation
) -> None:
    send(client, SHARE, status=422, name="", file=file(b"lost"))
    send(client, SHARE, file=file(b"kept"))
    for path in installation.storage.root.glob("??/??/*"):
        os.utime(path, 2 * (clock.now().timestamp(),))  # the disk has a clock of its own
    jobs.purge_unused_uploads(installation, clock.now() + timedelta(hours=23))
    assert sorted(offered(installation)) == [b"kept", b"lost"]
    tables = sorted(installation.storage.root.glob("??/??/*"))
    jobs.purge_unused_uploads(installation, clock.now() + timedelta(hours=25))
    assert offered(installation) == [b"kept"]
    assert len(tables) - len(sorted(installation.storage.root.glob("??/??/*"))) == 1


@pytest.mark.parametrize("form", FORMS)
def test_a_program_that_fills_every_field_is_thanked_and_not_heard(
    client: FlaskClient, installation: Installation, form: str
) -> None:
    with_it = send(client, form, **cast(Any, {HONEYPOT: "https://spam.example"}))
    assert brought(installation) == []
    assert with_it.text == send(client, form).text
    assert len(brought(installation)) == 1


@pytest.mark.parametrize("form", FORMS)
@pytest.mark.parametrize(
    ("after", "sentence"), [(1, TOO_FAST), (25 * 3600, STALE)], ids=["at once", "after a day"]
)
def test_a_form_sent_too_soon_or_too_late_is_shown_again_and_lost_by_nobody(
    client: FlaskClient, installation: Installation, form: str, after: float, sentence: str
) -> None:
    page = send(client, form, after=after, status=422).text
    assert sentence in page
    assert_still_typed(page, {n: TYPED[form][n] for n in ("title", "about", "name", "link")})
    assert brought(installation) == []
    with time_machine.travel(clock.now() + timedelta(seconds=5)):
        assert THANKS in client.post(form, data=TYPED[form] | hidden(page)).text


def test_a_form_that_was_opened_by_a_wrong_clock_is_taken(client: FlaskClient) -> None:
    assert THANKS in send(client, SUGGEST, after=-3600).text


@pytest.mark.parametrize("token", ["", "x", "AAAA" * 12])
def test_a_form_that_was_never_opened_is_not_taken(
    client: FlaskClient, installation: Installation, token: str
) -> None:
    send(client, SUGGEST, status=422, opened=token)
    assert brought(installation) == []


def test_the_token_of_one_form_is_not_good_for_the_other(
    client: FlaskClient, installation: Installation
) -> None:
    with time_machine.travel(clock.now() - timedelta(minutes=1), tick=False):
        opened = hidden(client.get(SUGGEST).text)["opened"]
    send(client, SHARE, status=422, opened=opened)
    assert brought(installation) == []


def test_one_visitor_sends_ten_an_hour_and_loses_nothing_by_the_eleventh(
    client: FlaskClient, installation: Installation
) -> None:
    for n in range(10):
        send(client, SUGGEST if n % 2 else SHARE, title=f"Number {n} of many")
    answer = send(client, SHARE, status=429, title="One too many", file=file())
    assert TOO_OFTEN in answer.text
    assert answer.headers["Retry-After"] == "3600"
    assert_still_typed(answer.text, {"title": "One too many", "about": CODE["about"]})
    assert len(brought(installation)) == 10
    assert client.get(SHARE).status_code == 200
    elsewhere = {"REMOTE_ADDR": "198.51.100.7"}
    page = client.get(SHARE, environ_base=elsewhere).text
    with time_machine.travel(clock.now() + timedelta(seconds=9)):
        answer = client.post(SHARE, data=CODE | hidden(page), environ_base=elsewhere)
    assert answer.status_code == 200


def test_a_network_has_a_limit_of_its_own(client: FlaskClient) -> None:
    codes = [
        client.post(SHARE, data={}, environ_base={"REMOTE_ADDR": f"8.8.8.{n}"}).status_code
        for n in range(31)
    ]
    assert codes == [422] * 30 + [429]


def test_a_full_queue_says_so_and_loses_nothing(
    client: FlaskClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("newsletter.submissions.limits.WAITING_AT_MOST", 0)
    page = send(client, SHARE, status=429).text
    assert "try again in a week" in page
    assert_still_typed(page, {"title": CODE["title"]})


@pytest.fixture
def canary() -> Iterator[socket.socket]:
    with socket.create_server(("127.0.0.1", 0)) as listening:
        listening.setblocking(False)
        yield listening


@pytest.mark.parametrize("form", FORMS)
def test_a_link_is_never_asked_for(
    client: FlaskClient, installation: Installation, canary: socket.socket, form: str
) -> None:
    send(client, form, link=f"http://127.0.0.1:{canary.getsockname()[1]}/x.csv")
    assert len(brought(installation)) == 1
    with pytest.raises(BlockingIOError):
        canary.accept()


@pytest.mark.parametrize("form", FORMS)
def test_control_characters_do_not_reach_the_database(
    client: FlaskClient, installation: Installation, form: str
) -> None:
    send(
        client, form, title="Nul\x00 and\x07 bell", about="It is\x00 about nothing at all, really."
    )
    (found,) = brought(installation)
    assert (found.title, found.about) == ("Nul and bell", "It is about nothing at all, really.")
