"""What is public is taken back, put back within a day, and for good after it."""

from datetime import timedelta

import pytest

from newsletter.catalog import datasets, refusals
from newsletter.catalog.versions import withdrawals
from newsletter.db import Database
from newsletter.errors import Conflict, Invalid, NotFound, Withdrawn
from newsletter.models.dataset import Version, VersionState
from newsletter.storage import Storage
from tests import factories
from tests.factories import TUESDAY as NOW

REASON = "It holds the addresses of observers."
LATER = factories.PENGUINS + "Adelie,40.0,190,2010\n"


@pytest.fixture
def house(db: Database, tmp_path: object) -> Database:
    """Penguins in two versions, and a draft."""
    storage = Storage.from_url(f"{tmp_path}/storage")
    with db.write() as session:
        factories.dataset(session, storage)
        factories.newer(session, storage, "penguins", "2.0.0", LATER)
        factories.dataset(session, storage, "seals", state=VersionState.DRAFT)
    return db


def numbers(db: Database) -> dict[str, str]:
    with db.read() as session:
        versions = datasets.get(session, "penguins").versions
        return {version.number: version.state.value for version in versions}


def withdraw(db: Database, number: str | None = None, later: timedelta = timedelta()) -> None:
    with db.write() as session:
        withdrawals.withdraw(session, "penguins", REASON, NOW + later, number)


def test_one_version_or_all_of_them(house: Database) -> None:
    withdraw(house, "2.0.0")
    assert numbers(house) == {"1.0.0": "published", "2.0.0": "withdrawn"}
    with house.read() as session:
        assert datasets.published(session, "penguins").number == "1.0.0"
        assert datasets.newest(session, "penguins").number == "1.0.0"
        with pytest.raises(Withdrawn, match=r"version 2\.0\.0, was withdrawn"):
            datasets.published(session, "penguins", "2.0.0")
    withdraw(house, later=timedelta(hours=1))
    with house.read() as session, pytest.raises(Withdrawn):
        datasets.published(session, "penguins")
    assert [v.number for v in _newest(house)] == ["2.0.0"]


def _newest(db: Database) -> list[Version]:
    with db.read() as session:
        return [v for v in datasets.everything(session) if v.dataset.slug == "penguins"]


@pytest.mark.parametrize(
    ("slug", "number", "reason", "error", "sentence"),
    [
        ("seals", None, REASON, Conflict, "Nothing of seals is public"),
        ("seals", "1.0.0", REASON, Conflict, "is a draft: `newsletter dataset delete seals`"),
        ("penguins", "9.0.0", REASON, NotFound, "has no version 9.0.0"),
        ("penguins", None, " short ", Invalid, "Say in 10 to 2,000 characters why"),
        ("whales", None, REASON, NotFound, "There is no dataset 'whales'"),
    ],
)
def test_what_cannot_be_withdrawn(
    house: Database, slug: str, number: str | None, reason: str, error: type, sentence: str
) -> None:
    with house.write() as session, pytest.raises(error, match=sentence):
        withdrawals.withdraw(session, slug, reason, NOW, number)


def test_what_went_together_is_put_back_together(house: Database) -> None:
    withdraw(house, "1.0.0")
    withdraw(house, later=timedelta(hours=1))
    with house.write() as session:
        withdrawals.restore(session, "penguins", NOW + timedelta(hours=2))
    assert numbers(house) == {"1.0.0": "withdrawn", "2.0.0": "published"}
    with house.write() as session, pytest.raises(Conflict, match="already"):
        withdrawals.withdraw(session, "penguins", REASON, NOW, "1.0.0")
    with house.write() as session, pytest.raises(Conflict, match=r"2\.0\.0 is not withdrawn"):
        withdrawals.restore(session, "penguins", NOW, "2.0.0")


def test_after_the_day_it_says_why_it_cannot(house: Database) -> None:
    withdraw(house)
    at_last = NOW + withdrawals.UNDONE_WITHIN
    with house.write() as session:
        assert withdrawals.due(session, at_last - timedelta(seconds=1)) == []
        assert len(withdrawals.due(session, at_last)) == 2
        with pytest.raises(Conflict, match="kept for a day: add the file again as a new version"):
            withdrawals.restore(session, "penguins", at_last)


def test_erased_the_tombstone_has_what_it_says_and_no_data(house: Database) -> None:
    withdraw(house)
    with house.write() as session:
        for version in withdrawals.withdrawn(datasets.get(session, "penguins")):
            withdrawals.erase(session, version, NOW)
    with house.read() as session:
        version = datasets.newest(session, "penguins")
        table = version.tables[0]
        assert (table.preview, table.profile, version.chart_png) == ([], {}, None)
        assert table.files["csv"]["sha256"]
        assert version.withdrawal is not None
        assert version.withdrawal.reason == REASON
        assert withdrawals.due(session, NOW + timedelta(days=9)) == []


def test_its_numbers_stay_taken_and_nothing_of_it_changes(house: Database) -> None:
    withdraw(house)
    with house.read() as session:
        dataset = datasets.get(session, "penguins")
        assert datasets.last_number(dataset) == "2.0.0"
        with pytest.raises(Conflict, match=r"does not come after 2\.0\.0, which is withdrawn"):
            refusals.check_number(dataset, "1.5.0")
        with pytest.raises(Conflict, match="was withdrawn: `newsletter dataset restore penguins`"):
            datasets.publish(datasets.newest(session, "penguins"), NOW)
