"""Files that come ahead of the dataset form."""

from hashlib import sha256

import pytest

from newsletter.catalog import datasets
from newsletter.installation import Installation
from tests.web.admin.conftest import Browser
from tests.web.admin.datasets.test_dataset_form import CSV, NEW, WORDS, upload

ARRIVE, KNOWN = "/admin/uploads", "/admin/uploads/known"


def test_a_file_is_answered_with_the_note_that_the_form_carries(
    curator: Browser, installation: Installation
) -> None:
    arrived = curator.post(ARRIVE, NEW, file=upload()).get_json()
    assert arrived["name"] == "Seal counts.csv"
    note = {"tables-0-stored": arrived["note"]}
    assert curator.post(NEW, NEW, **(WORDS | note)).status_code == 302
    curator.work()
    with installation.db.read() as session:
        table = datasets.newest(session, "harbour-seals").tables[0]
        assert (table.name, table.rows) == ("seal-counts", 4)


def test_a_file_that_is_here_is_not_sent_again(curator: Browser) -> None:
    digest = sha256(CSV).hexdigest()
    assert curator.post(KNOWN, NEW, sha256=digest, name="Seal counts.csv").status_code == 404
    curator.post(ARRIVE, NEW, file=upload())
    known = curator.post(KNOWN, NEW, sha256=digest, name="other name.CSV")
    assert known.get_json()["name"] == "other name.CSV"
    note = {"tables-0-stored": known.get_json()["note"]}
    assert curator.post(NEW, NEW, **(WORDS | note)).status_code == 302


@pytest.mark.parametrize("digest", ["", "0" * 64, "../../etc/passwd", "0" * 63 + "G", "0" * 65])
def test_what_is_not_here_is_not_known(digest: str, curator: Browser) -> None:
    assert curator.post(KNOWN, NEW, sha256=digest, name="x.csv").status_code == 404


def test_without_a_file_there_is_nothing_to_keep(curator: Browser) -> None:
    assert curator.post(ARRIVE, NEW).status_code == 422
    assert curator.post(ARRIVE, NEW, file="text").status_code == 422


def test_it_is_for_curators_with_the_token_of_their_session(
    curator: Browser, nobody: Browser, installation: Installation
) -> None:
    assert nobody.send(ARRIVE, file=upload()).status_code == 302
    assert curator.send(ARRIVE, file=upload()).status_code == 400
    assert curator.send(KNOWN, sha256=sha256(CSV).hexdigest(), name="x.csv").status_code == 400
    assert not installation.storage.exists(f"{sha256(CSV).hexdigest()}.csv")


def test_only_the_form_may_run_the_script(curator: Browser) -> None:
    policy = curator.get(NEW).headers["Content-Security-Policy"]
    assert "script-src 'self'" in policy
    assert "connect-src 'self'" in policy
    assert "unsafe" not in policy
    assert "script-src" not in curator.get("/admin/").headers["Content-Security-Policy"]
