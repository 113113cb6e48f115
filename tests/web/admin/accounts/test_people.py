"""The lists of people: subscribers for every curator, curators for owners."""

from collections.abc import Callable

import pytest

from newsletter import paging
from newsletter.curators import accounts
from newsletter.installation import Installation
from newsletter.models.curator import Role
from newsletter.models.subscriber import Status
from tests import factories
from tests.web.admin.conftest import CURATOR, OWNER, Browser
from tests.web.conftest import mailed_link

CURATORS = "/admin/curators/"


@pytest.fixture
def readers(installation: Installation) -> None:
    with installation.db.write() as session:
        for n in range(paging.SIZE + 1):
            factories.subscriber(session, installation.signer, f"reader.{n}@example.org")
        factories.subscriber(
            session, installation.signer, "100%_sure@example.net", Status.PENDING, name="Ann Lee"
        )


@pytest.mark.usefixtures("readers")
def test_subscribers_are_counted_by_status(curator: Browser) -> None:
    page = curator.get("/admin/subscribers/").text
    assert f"<strong>{paging.SIZE + 2}</strong> all" in page
    assert "<strong>1</strong> pending" in page
    assert "<strong>0</strong> complained" in page


@pytest.mark.usefixtures("readers")
@pytest.mark.parametrize(
    ("query", "total"),
    [
        ("q=READER.7@", 1),
        ("q=ann+lee", 1),
        ("q=%25", 1),
        ("q=_", 1),
        ("q=%25_", 1),
        ("status=pending", 1),
        ("status=nonsense", paging.SIZE + 2),
        ("q=reader&status=pending", 0),
        ("q=';DROP TABLE subscriber;--", 0),
    ],
)
def test_subscribers_are_found_by_what_was_typed_letter_for_letter(
    curator: Browser, query: str, total: int
) -> None:
    page = curator.get(f"/admin/subscribers/?{query}").text
    said = f"{total} {'subscriber' if total == 1 else 'subscribers'}" if total else "Nobody like"
    assert said in page


@pytest.mark.usefixtures("readers")
def test_a_long_list_has_pages_and_no_page_beyond_the_last(curator: Browser) -> None:
    first = curator.get("/admin/subscribers/").text
    assert "Page 1 of 2" in first
    assert first.count("<tr>") == paging.SIZE + 1
    assert "reader.0@example.org" in curator.get("/admin/subscribers/?page=2").text
    for page in ("999999999999", "-1", "x"):
        assert curator.get(f"/admin/subscribers/?page={page}").status_code == 200


def test_an_owner_adds_a_curator_who_sets_a_password_by_mail(
    installation: Installation, owner: Browser, new_browser: Callable[[], Browser]
) -> None:
    answer = owner.post(CURATORS, CURATORS, address="new@example.org", role="editor")
    assert answer.status_code == 302
    address, path = mailed_link(installation)
    assert address == "new@example.org"
    fresh = new_browser()
    fresh.post(path, path, password="a password of my own")
    assert fresh.sign_in("new@example.org", "a password of my own").location == "/admin/"


@pytest.mark.parametrize(
    ("address", "sentence"), [("nonsense", "@-sign"), (CURATOR.upper(), "is a curator already")]
)
def test_an_address_that_cannot_be_added_is_refused_beside_its_field(
    owner: Browser, address: str, sentence: str
) -> None:
    answer = owner.post(CURATORS, CURATORS, address=address, role="owner")
    assert answer.status_code == 422
    assert sentence in answer.text.partition('id="address-problem"')[2][:200]
    assert f'value="{address}"' in answer.text
    assert '<option selected value="owner"' in answer.text


def test_the_last_owner_stays(installation: Installation, owner: Browser) -> None:
    for action, fields in (("remove", {}), ("role", {"role": "sender"})):
        answer = owner.post(f"{CURATORS}1/{action}", CURATORS, **fields)
        assert "is the last owner" in owner.get(answer.location).text
    with installation.db.read() as session:
        kept = accounts.find(session, OWNER)
        assert kept is not None
        assert kept.role is Role.OWNER


def test_an_owner_makes_another_one(installation: Installation, owner: Browser) -> None:
    for _ in range(2):  # a second click changes nothing
        owner.post(f"{CURATORS}2/role", CURATORS, role="owner")
    with installation.db.read() as session:
        assert {c.role for c in accounts.everyone(session)} == {Role.OWNER}


def test_somebody_who_is_gone_is_not_found(owner: Browser) -> None:
    for action in ("role", "remove", "invite"):
        assert owner.post(f"{CURATORS}99/{action}", CURATORS).status_code == 404
