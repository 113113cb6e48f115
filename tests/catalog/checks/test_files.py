from pathlib import Path

import pytest

from newsletter.catalog.checks.files import StoredFile, file_findings
from newsletter.catalog.checks.findings import Weight
from newsletter.storage import Storage

TEXT = b"a,b\n1,2\n"


@pytest.fixture
def storage(tmp_path: Path) -> Storage:
    return Storage(tmp_path / "storage")


@pytest.fixture
def stored(storage: Storage, tmp_path: Path) -> StoredFile:
    source = tmp_path / "a.csv"
    source.write_bytes(TEXT)
    key = storage.put(source)
    return StoredFile("birds", "1.0.0, birds as csv", key, len(TEXT), key.partition(".")[0])


def complaint(storage: Storage, file: StoredFile) -> str:
    (finding,) = file_findings([file], storage)
    assert (finding.slug, finding.weight) == ("birds", Weight.WRONG)
    return finding.sentence


def test_a_whole_file_says_nothing(storage: Storage, stored: StoredFile) -> None:
    assert list(file_findings([stored], storage)) == []


def test_one_changed_byte_is_found(storage: Storage, stored: StoredFile) -> None:
    storage.path(stored.key).write_bytes(TEXT.replace(b"2", b"3"))
    assert "is not what was stored" in complaint(storage, stored)


def test_a_file_cut_short_is_found(storage: Storage, stored: StoredFile) -> None:
    storage.path(stored.key).write_bytes(TEXT[:5])
    assert "has 5 bytes for 8" in complaint(storage, stored)


def test_a_file_that_is_gone_is_found(storage: Storage, stored: StoredFile) -> None:
    storage.path(stored.key).unlink()
    assert "is gone" in complaint(storage, stored)


def test_a_hash_that_is_not_that_of_the_name_is_found(storage: Storage, stored: StoredFile) -> None:
    other = StoredFile("birds", stored.what, stored.key, stored.size, "0" * 64)
    assert "is not what was stored" in complaint(storage, other)


def test_a_file_of_several_versions_is_told_of_each(storage: Storage, stored: StoredFile) -> None:
    storage.path(stored.key).unlink()
    assert len(list(file_findings([stored, stored], storage))) == 2


def test_what_has_no_recorded_hash_is_held_to_its_name(
    storage: Storage, stored: StoredFile
) -> None:
    chart = StoredFile("birds", "1.0.0, its chart as PNG", stored.key)
    assert list(file_findings([chart], storage)) == []
    storage.path(stored.key).write_bytes(b"another picture")
    assert "is not what was stored" in complaint(storage, chart)
