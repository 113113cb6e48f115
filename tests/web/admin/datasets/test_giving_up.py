"""What is public is withdrawn and put back, and a draft deleted, each after a page that says what
that means."""

from datetime import date

from sqlalchemy import select

from newsletter.catalog import datasets, discarding
from newsletter.installation import Installation
from newsletter.models import DiscardedFile
from newsletter.models.dataset import VersionState
from newsletter.models.issue import IssueState
from tests import factories
from tests.web.admin.conftest import Browser

PAGE = "/admin/datasets/penguins/"
ASK = f"{PAGE}withdraw"
REASON = "It holds the addresses of observers."


def state(installation: Installation) -> VersionState:
    with installation.db.read() as session:
        return datasets.newest(session, "penguins").state


def test_it_is_asked_what_and_why_and_put_back(curator: Browser, seeded: Installation) -> None:
    with seeded.db.write() as session:
        version = datasets.newest(session, "penguins")
        factories.post(session, version)
        factories.issue(session, version, date(2026, 12, 7), IssueState.PLANNED)
    assert 'href="/admin/datasets/penguins/withdraw"' in curator.get(PAGE).text
    page = curator.get(ASK).text
    for means in ("1.0.0", "3, ", "Who is who among the penguins", "2026-11-23", "2026-12-07"):
        assert means in page
    refused = curator.post(ASK, ASK, number="", reason="short")
    assert refused.status_code == 422
    assert "Say in 10 to 2,000 characters why" in refused.text
    assert state(seeded) is VersionState.PUBLISHED
    assert curator.post(ASK, ASK, number="", reason=REASON).location == PAGE
    assert state(seeded) is VersionState.WITHDRAWN
    page = curator.get(PAGE).text
    assert REASON in page
    assert "Make 1.0.0 public again" in page
    assert "withdrawn" in curator.get("/admin/datasets/").text
    assert "nothing to withdraw" in curator.get(ASK).text
    assert curator.post(f"{PAGE}restore", PAGE, number="1.0.0").location == PAGE
    assert state(seeded) is VersionState.PUBLISHED
    assert "It is public again." in curator.get(PAGE).text


def test_one_version_is_asked_about_by_itself(curator: Browser, seeded: Installation) -> None:
    with seeded.db.write() as session:
        old = datasets.newest(session, "penguins")
        factories.post(session, old)
        newer = factories.newer(session, seeded.storage, "penguins", "1.1.0", "a,b\n1,2\n")
        factories.issue(session, newer, date(2026, 12, 7), IssueState.PLANNED)
    whole, first, last = (
        curator.get(f"{ASK}{n}").text for n in ("", "?number=1.0.0", "?number=1.1.0")
    )
    assert "What withdrawing the whole dataset means" in whole
    assert "<dd>1.1.0, 1.0.0</dd>" in whole
    assert "no version is left" in whole
    assert "What withdrawing only 1.0.0 means" in first
    assert "1.1.0 stays the current version" in first
    assert "Who is who among the penguins" in first
    assert "2026-11-23" in first
    assert "2026-12-07" not in first
    assert "1.0.0 becomes the current version" in last
    assert "Who is who among the penguins" not in last
    assert "2026-12-07" in last
    assert curator.post(ASK, f"{ASK}?number=1.1.0", number="1.1.0", reason=REASON).location == PAGE
    with seeded.db.read() as session:
        assert datasets.published(session, "penguins").number == "1.0.0"
    assert "1.1.0 is withdrawn already." in curator.get(f"{ASK}?number=1.1.0").text


def test_a_draft_is_deleted_after_a_page_that_says_so(
    curator: Browser, installation: Installation
) -> None:
    with installation.db.write() as session:
        draft = factories.dataset(
            session, installation.storage, "penguins", state=VersionState.DRAFT
        )
        keys = discarding.keys_of(draft)
    assert 'href="/admin/datasets/penguins/delete"' in curator.get(PAGE).text
    page = curator.get(f"{PAGE}delete").text
    assert "Nothing of the dataset is kept, and its slug is free again." in page
    assert curator.post(f"{PAGE}delete", f"{PAGE}delete").location == "/admin/datasets/"
    with installation.db.read() as session:
        assert datasets.find(session, "penguins") is None
        assert set(session.scalars(select(DiscardedFile.key))) == keys


def test_a_draft_that_is_planned_is_not_offered_for_deletion(
    curator: Browser, installation: Installation
) -> None:
    with installation.db.write() as session:
        draft = factories.dataset(
            session, installation.storage, "penguins", state=VersionState.DRAFT
        )
        factories.issue(session, draft, date(2026, 12, 7), IssueState.PLANNED)
    page = curator.get(f"{PAGE}delete").text
    assert "planned for 2026-12-07: take it off that day first" in page
    assert "Delete the draft" not in page
