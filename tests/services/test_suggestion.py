import pytest

from newsletter.errors import Conflict, NotFound
from newsletter.installation import Installation
from newsletter.models.submission import SubmissionKind, SubmissionState
from newsletter.services.suggestion import FirstWords, find, first_words
from tests import factories


def suggested(installation: Installation, content: bytes | None, link: str) -> int:
    with installation.db.write() as session:
        version = factories.dataset(session, installation.storage)
        words = {"kind": SubmissionKind.DATASET, "dataset": None, "title": "T" * 90, "link": link}
        return factories.submission(session, installation.storage, version, content, **words).id


def words_of(installation: Installation, number: int) -> FirstWords:
    with installation.db.read() as session:
        return first_words(find(session, number), installation.storage)


@pytest.mark.parametrize(
    ("link", "url"),
    [
        ("https://example.org/about", ""),
        ("https://example.org/seals.CSV.gz?v=1", "https://example.org/seals.CSV.gz?v=1"),
    ],
)
def test_a_link_is_the_source_and_one_to_a_file_is_the_table_too(
    installation: Installation, link: str, url: str
) -> None:
    words = words_of(installation, suggested(installation, None, link))
    assert (words.source, words.url, words.file_key) == (link, url, "")
    assert words.title == "T" * 80


def test_a_file_that_came_is_the_table(installation: Installation) -> None:
    number = suggested(installation, b"a\n1\n", "https://example.org/seals.csv")
    words = words_of(installation, number)
    assert words.url == ""
    assert installation.storage.exists(words.file_key)


def test_only_a_suggestion_that_waits_is_one(installation: Installation) -> None:
    number = suggested(installation, None, "https://example.org/seals")
    with installation.db.write() as session:
        submission = find(session, number)
        submission.state, submission.decided_by = SubmissionState.DECLINED, "bo@example.org"
        with pytest.raises(Conflict, match="declined by"):
            find(session, number)
        submission.kind = SubmissionKind.CODE
        with pytest.raises(Conflict, match="is code"):
            find(session, number)
        with pytest.raises(NotFound):
            find(session, number + 1)
