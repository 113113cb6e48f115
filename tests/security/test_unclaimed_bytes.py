"""Row "bytes kept before anything is checked": what is not taken leaves nothing behind."""

import shutil
from datetime import timedelta
from types import SimpleNamespace

import pytest
import time_machine
from flask.testing import FlaskClient
from sqlalchemy import func, select

from newsletter import clock
from newsletter.installation import Installation
from newsletter.models import Submission
from newsletter.submissions import limits
from newsletter.submissions.form import OFFERED
from newsletter.web.site import contribute
from newsletter.web.site.contribute import CHOOSE_AGAIN
from tests import factories
from tests.web.admin.conftest import Browser
from tests.web.site.reader import CODE, DATA, SHARE, SUGGEST, file, hidden, send

FORMS = 40
KB = 1000


@pytest.fixture(autouse=True)
def penguins(installation: Installation) -> None:
    with installation.db.write() as session:
        factories.dataset(session, installation.storage)


def strangers(number: int) -> list[dict[str, str]]:
    """As many who have nothing in common, so that no limit by address helps."""
    return [{"REMOTE_ADDR": f"8.{n}.0.1"} for n in range(number)]


def kept(installation: Installation) -> int:
    """The bytes of strangers' files in storage."""
    return sum(
        path.stat().st_size
        for folder in ("??/??/*" + OFFERED, "incoming/*")
        for path in installation.storage.root.glob(folder)
    )


def waiting(installation: Installation) -> int:
    with installation.db.read() as session:
        return session.scalar(select(func.count()).select_from(Submission)) or 0


@pytest.mark.parametrize("opened", ["", "x", "AAAA" * 12])
def test_forms_that_nobody_opened_keep_nothing(
    client: FlaskClient, installation: Installation, opened: str
) -> None:
    for n, stranger in enumerate(strangers(FORMS)):
        data = CODE | {"opened": opened, "file": file(b"#" * KB + str(n).encode())}
        answer = client.post(SHARE, data=data, environ_base=stranger)
        assert answer.status_code == 422
        assert CHOOSE_AGAIN in answer.text
    assert kept(installation) == 0


def test_half_sent_forms_keep_no_more_than_there_is_room_for(
    client: FlaskClient, installation: Installation, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(contribute, "UNCLAIMED_BYTES", 5 * KB)
    with time_machine.travel(clock.now() - timedelta(minutes=1), tick=False):
        carried = hidden(client.get(SHARE).text)
    answers = []
    for n, stranger in enumerate(strangers(FORMS)):
        half = CODE | carried | {"name": "", "file": file(f"{n:03}".encode() * 300)}
        answers.append(client.post(SHARE, data=half, environ_base=stranger))
    assert {answer.status_code for answer in answers} == {422}
    assert "is here already" in answers[0].text
    assert CHOOSE_AGAIN in answers[-1].text
    assert 0 < kept(installation) <= 5 * KB
    send(client, SHARE, file=file(b"print(1)\n" * 300))  # who has it all right needs no room


def test_a_form_carries_one_submission(client: FlaskClient, installation: Installation) -> None:
    with time_machine.travel(clock.now() - timedelta(minutes=1), tick=False):
        carried = hidden(client.get(SUGGEST).text)
    codes = [
        client.post(
            SUGGEST, data=DATA | carried | {"title": f"Number {n} of many"}, environ_base=stranger
        ).status_code
        for n, stranger in enumerate(strangers(FORMS))
    ]
    assert codes == [200] + [422] * (FORMS - 1)
    assert waiting(installation) == 1
    again = client.post(SUGGEST, data=DATA | carried | {"title": "Number 0 of many"})
    assert again.status_code == 200, "who sends it twice by a double click is thanked twice"
    assert waiting(installation) == 1


def test_what_is_refused_for_a_form_that_was_sent_already_can_be_sent_again(
    client: FlaskClient, installation: Installation
) -> None:
    with time_machine.travel(clock.now() - timedelta(minutes=1), tick=False):
        carried = hidden(client.get(SUGGEST).text)
    client.post(SUGGEST, data=DATA | carried)
    page = client.post(SUGGEST, data=DATA | carried | {"title": "Another thing"}).text
    assert limits.SENT_ALREADY in page
    with time_machine.travel(clock.now() + timedelta(minutes=1), tick=False):
        client.post(SUGGEST, data=DATA | hidden(page) | {"title": "Another thing"})
    assert waiting(installation) == 2


def test_a_day_of_strangers_leaves_the_queue_open_for_the_next(
    client: FlaskClient, installation: Installation, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(limits, "A_DAY_AT_MOST", 2)
    for n in range(2):
        send(client, SUGGEST, title=f"Number {n} of many")
    page = send(client, SHARE, status=429, file=file())
    assert "try again tomorrow" in page.text
    assert kept(installation) == 0
    with time_machine.travel(clock.now() + timedelta(days=1, minutes=1), tick=False):
        assert send(client, SHARE).status_code == 200
    assert 10 * limits.WAITING_AT_MOST >= limits.A_DAY_AT_MOST * 7


@pytest.fixture
def full_disk(monkeypatch: pytest.MonkeyPatch) -> None:
    usage = SimpleNamespace(total=10**12, used=10**12 - 10**8, free=10**8)
    monkeypatch.setattr(shutil, "disk_usage", lambda _path: usage)


@pytest.mark.usefixtures("full_disk")
def test_no_upload_takes_the_last_of_the_disk(
    client: FlaskClient, installation: Installation, owner: Browser
) -> None:
    page = send(client, SHARE, status=422, file=file())
    assert "disk of the server is full" in page.text
    assert kept(installation) == 0
    headers = {"Tus-Resumable": "1.0.0", "Upload-Length": "1000"}
    headers["X-CSRFToken"] = owner.token("/admin/datasets/new")
    answer = owner.client.post("/admin/uploads", headers=headers)
    assert answer.status_code == 507, answer.text
