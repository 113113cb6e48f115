"""The page of what people made with a dataset."""

import pytest
from flask.testing import FlaskClient

from newsletter.installation import Installation
from newsletter.models.dataset import VersionState
from newsletter.models.submission import SubmissionState
from tests import factories

PAGE = "/datasets/penguins/made-with"
LONG_AGO = factories.LONG_AGO


@pytest.fixture
def installed(installation: Installation) -> Installation:
    """With a post, code that a reader shared, and more that is not to be seen."""
    accepted = {"state": SubmissionState.ACCEPTED, "decided_at": LONG_AGO, "decided_by": "eve"}
    with installation.db.write() as session:
        storage = installation.storage
        version = factories.dataset(session, storage)
        other = factories.dataset(session, storage, slug="other")
        factories.post(session, version)
        factories.submission(session, storage, version, b"print(1)", **accepted)
        factories.submission(session, storage, version, title="It still waits")
        declined = accepted | {"state": SubmissionState.DECLINED, "title": "It was declined"}
        factories.submission(session, storage, version, b"no", **declined)
        elsewhere = accepted | {"title": "It is on another"}
        factories.submission(session, storage, other, b"x", **elsewhere)
    return installation


@pytest.mark.usefixtures("installed")
def test_it_gathers_our_posts_and_what_readers_shared(client: FlaskClient) -> None:
    page = client.get(PAGE).text
    for words in ("Who is who among the penguins", "Bills tell them apart", "Bo Berg", "MIT"):
        assert words in page
    assert 'href="/posts/penguins-who-is-who"' in page
    assert '<a href="https://example.org/bo/bills" rel="noopener nofollow ugc">' in page
    for words in ("It still waits", "It was declined", "It is on another", "bo@example.org"):
        assert words not in page


@pytest.mark.usefixtures("installed")
def test_a_shared_file_is_saved_and_not_shown(client: FlaskClient) -> None:
    page = client.get(PAGE).text
    (address,) = {part.split('"')[0] for part in page.split('href="') if "/made-with/" in part[:60]}
    answer = client.get(address)
    assert answer.data == b"print(1)"
    assert answer.mimetype == "application/octet-stream"
    assert answer.headers["Content-Disposition"] == "attachment; filename=bills.ipynb"
    assert answer.headers["X-Content-Type-Options"] == "nosniff"
    assert "default-src 'none'" in answer.headers["Content-Security-Policy"]
    assert answer.cache_control.immutable
    assert client.get(address, headers={"If-None-Match": answer.headers["ETag"]}).status_code == 304


def test_a_file_that_waits_or_was_declined_has_no_address(
    client: FlaskClient, installed: Installation
) -> None:
    for path in installed.storage.root.glob("??/??/*.offered"):
        expected = 200 if path.read_bytes() == b"print(1)" else 404
        assert client.get(f"{PAGE}/{path.name[:16]}").status_code == expected
    assert client.get(f"{PAGE}/").status_code == 404
    assert client.get(f"{PAGE}/..%2f..%2fetc%2fpasswd").status_code == 404


@pytest.mark.usefixtures("installed")
def test_the_page_of_a_dataset_leads_there(client: FlaskClient) -> None:
    assert f'href="{PAGE}"' in client.get("/datasets/penguins").text


def test_where_nothing_was_made_yet_it_asks_for_the_first(
    client: FlaskClient, seeded: Installation
) -> None:
    page = client.get(PAGE).text
    assert "Nothing yet." in page
    assert 'href="/share?dataset=penguins"' in page


def test_a_draft_has_no_such_page(client: FlaskClient, installation: Installation) -> None:
    with installation.db.write() as session:
        factories.dataset(session, installation.storage, state=VersionState.DRAFT)
    assert client.get(PAGE).status_code == 404
    assert client.get("/datasets/nothing/made-with").status_code == 404
