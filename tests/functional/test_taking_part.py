"""Readers take part, over real HTTP, to the answer at a real SMTP server."""

from collections.abc import Iterator
from datetime import datetime, timedelta
from typing import Any

import pytest
import time_machine
from sqlalchemy import select

from newsletter import clock, jobs
from newsletter.installation import Installation
from newsletter.models import Notice, Submission
from tests import factories
from tests.functional.conftest import MailServer
from tests.functional.site import Site, free_port, open_site
from tests.functional.visitor import Visitor
from tests.web.site.reader import CODE, DATA

CSV = b"bank,year,seals\nNorth,2019,120\nSouth,2019,88\nNorth,2020,131\nSouth,2020,90\n"
LATER = timedelta(seconds=30)


@pytest.fixture
def site(environ: dict[str, str], database_url: str, mail_server: MailServer) -> Iterator[Site]:
    """With the penguins in its catalog, once on each database."""
    environ |= {"DATABASE_URL": database_url, "NEWSLETTER_MAIL_URL": mail_server.url}
    with open_site(environ, free_port()) as opened:
        installation = opened.installation
        with installation.db.write() as session:
            factories.dataset(session, installation.storage)
        yield opened


def send(visitor: Visitor, form: str, **typed: Any) -> Visitor:
    """Open a form, and send it half a minute later."""
    visitor.open(form)
    with time_machine.travel(clock.now() + LATER):
        return visitor.submit("opened", **typed)


def deliver(installation: Installation) -> None:
    jobs.deliver(installation)
    jobs.purge_submitter_addresses(installation, clock.now())


def test_shared_code_stands_beside_the_dataset_and_its_author_is_told(
    site: Site, mail_server: MailServer
) -> None:
    reader = site.visitor().open("/datasets/penguins")
    assert "Share your code" in reader.words()
    send(reader, "/share?dataset=penguins", **CODE, file=("bills.py", b"print('bills')\n"))
    assert "It is with the curators now." in reader.words()
    assert "Nothing yet." in site.visitor().open("/datasets/penguins/made-with").words()

    curator = site.curator()
    assert "1 waits for you" in curator.open("/admin/").words()
    curator.open("/admin/submissions/1/")
    curator.post("/admin/submissions/1/accept", answer="Clear and short.\n\nThank you.")
    assert "It is accepted" in curator.words()

    page = site.visitor().open("/datasets/penguins/made-with")
    assert "Bills tell them apart" in page.words()
    assert "Bo Berg" in page.words()
    deliver(site.installation)
    (mail,) = mail_server.messages()
    assert mail["X-To"] == "bo@example.org"
    assert mail["Subject"] == "Accepted: Bills tell them apart"
    assert mail["List-Unsubscribe"] is None
    assert mail["Auto-Submitted"] == "auto-generated"
    body = mail.get_body(("plain",))
    assert body is not None
    text = " ".join(body.get_content().split())
    for words in (
        "Clear and short.",
        "Thank you.",
        "/datasets/penguins/made-with",
        "a credit to Bo",
    ):
        assert words in text
    assert "curator of" not in text

    with site.installation.db.read() as session:
        assert session.scalars(select(Submission)).one().address is None
        assert session.scalars(select(Notice)).all() == []
    deliver(site.installation)
    assert len(mail_server.messages()) == 1


def test_a_suggested_file_becomes_a_draft_and_who_brought_it_is_told(
    site: Site, mail_server: MailServer
) -> None:
    reader = send(site.visitor(), "/suggest", **(DATA | {"link": ""}), file=("seals.csv", CSV))
    assert "Thank you" in reader.words()
    curator = site.curator().open("/admin/datasets/new?submission=1")
    assert "seals.csv (uploaded)" in curator.words()
    words: dict[str, Any] = {
        "slug": "seals",
        "summary": "Counts from the air, one row a sandbank and year",
        "answer": "It will be a fine Monday.",
    }
    curator.submit("slug", **words)
    assert "Saved as a draft." in curator.words()
    assert "Thank Ann Lee" not in curator.words()
    with site.installation.db.read() as session:
        found = session.scalars(select(Submission)).one()
        assert found.dataset is not None
        assert found.dataset.slug == "seals"
        credit = found.dataset.versions[0].credit
        assert credit is not None
        assert credit["hat_tip"] == "Ann Lee"
    site.visitor().open("/datasets/seals", status=404)
    deliver(site.installation)
    (mail,) = mail_server.messages()
    assert mail["X-To"] == "ann@example.org"
    assert "It will be a fine Monday." in str(mail.get_body(("plain",)))


def test_spam_is_declined_without_a_word(site: Site, mail_server: MailServer) -> None:
    send(site.visitor(), "/suggest", **DATA)
    curator = site.curator().open("/admin/submissions/1/")
    curator.submit("Decline")
    assert "It is declined." in curator.words()
    deliver(site.installation)
    assert mail_server.messages() == []


def test_what_is_wrong_is_said_beside_its_field_and_the_rest_stays(site: Site) -> None:
    before = site.rows()
    reader = site.visitor()
    send(reader, "/share", status=422, **(CODE | {"link": "javascript:alert(1)", "name": ""}))
    assert reader.beside("link") == "Give an address that begins with https:// or http://."
    assert reader.beside("name") == "Give the name to be thanked."
    for field in ("dataset", "title", "about", "license", "address"):
        assert reader.value(field) == CODE[field]
    large = ("bills.py", b"#" * 6_000_000)
    with time_machine.travel(clock.now() + LATER):
        reader.submit("opened", status=422, link=CODE["link"], name=CODE["name"], file=large)
    assert reader.beside("file").startswith("The file has 6.0 MB")
    assert reader.value("title") == CODE["title"]
    assert site.rows() == before
    with time_machine.travel(clock.now() + LATER):
        reader.submit("opened")
    assert "It is with the curators now." in reader.words()


def test_the_curators_hear_of_each_day_once_it_has_passed(site: Site) -> None:
    site.curator()
    installation, day = site.installation, timedelta(days=1)
    noon = clock.now().replace(hour=12)

    def bring(title: str, at: datetime) -> None:
        with time_machine.travel(at):
            send(site.visitor(), "/share?dataset=penguins", **CODE | {"title": title})
        assert not jobs.run_all(installation, at + LATER, jobs.LOCAL_JOBS)

    bring("Bills tell them apart", noon)
    bring("Flippers, too", noon + timedelta(hours=1))
    assert told(installation) == []
    for minutes in range(3):
        assert not jobs.run_all(
            installation, noon + day + timedelta(minutes=minutes), jobs.LOCAL_JOBS
        )
    ((subject, lines),) = told(installation)
    assert subject == "Readers brought something"
    assert lines[0].startswith("2 wait for you.")
    assert lines[1] == "“Flippers, too” by Bo Berg"

    bring("And islands", noon + day)
    assert len(told(installation)) == 1
    assert not jobs.run_all(installation, noon + 2 * day, jobs.LOCAL_JOBS)
    assert told(installation)[1][1][0].startswith("3 wait for you.")
    assert not jobs.run_all(installation, noon + 3 * day, jobs.LOCAL_JOBS)
    assert len(told(installation)) == 2


def told(installation: Installation) -> list[tuple[str, list[str]]]:
    with installation.db.read() as session:
        alerts = select(Notice).where(Notice.subject.contains("brought")).order_by(Notice.id)
        return [(alert.subject, alert.lines) for alert in session.scalars(alerts)]
