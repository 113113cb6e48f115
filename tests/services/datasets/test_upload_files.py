"""A form or a task names a file by its key, and reads it, whether it came whole or in pieces."""

from datetime import UTC, datetime

import pytest

from newsletter.errors import NotFound
from newsletter.installation import Installation
from newsletter.services.datasets import uploads
from newsletter.services.datasets.upload_files import forget, is_here, open_file
from tests import factories
from tests.services.conftest import ADA

NOW = datetime(2026, 11, 23, 9, tzinfo=UTC)


def upload(opened: Installation, *pieces: bytes, length: int | None = None) -> str:
    """The key of an upload in ``pieces``; ``length``: of a file of which more is to come."""
    size = sum(map(len, pieces)) if length is None else length
    token, progress = uploads.begin(opened, ADA, "x.csv", size, NOW)
    for piece in pieces:
        progress = uploads.append(opened, ADA, token, progress.received, [piece], NOW)
    return progress.key


def test_a_file_of_storage_is_read_where_it_is(on_both: Installation) -> None:
    key = factories.store(on_both.storage, b"a,b\n", ".csv")
    assert is_here(on_both, key)
    with open_file(on_both, key) as path:
        assert path == on_both.storage.path(key)


def test_pieces_are_joined_in_order_and_for_as_long_as_they_are_read(
    on_both: Installation,
) -> None:
    content = [bytes([n]) * 3 for n in range(12)]
    key = upload(on_both, *content)
    assert is_here(on_both, key)
    for _ in range(2):
        with open_file(on_both, key) as path:
            assert path.read_bytes() == b"".join(content)
        assert not path.exists()


@pytest.mark.parametrize("key", ["", "0" * 64, "upload-", "upload-x\0", "../etc", "upload-../x"])
def test_what_is_not_here_is_said_to_be_gone(on_both: Installation, key: str) -> None:
    assert not is_here(on_both, key)
    with pytest.raises(NotFound, match="send the file again"), open_file(on_both, key):
        pytest.fail("it has no such file")


def test_half_a_file_is_none(on_both: Installation) -> None:
    key = upload(on_both, b"ab", length=3)
    assert not is_here(on_both, key)
    with pytest.raises(NotFound), open_file(on_both, key):
        pytest.fail("it is not whole")


def test_what_a_dataset_has_is_forgotten_with_its_pieces(on_both: Installation) -> None:
    stored = factories.store(on_both.storage, b"a,b\n", ".csv")
    key, other = upload(on_both, b"ab", b"cd"), upload(on_both, b"ab")
    forget(on_both, [key, stored, "upload-nobodys"])
    assert [is_here(on_both, one) for one in (key, other, stored)] == [False, True, True]
    assert len(list(on_both.storage.root.glob("??/??/*.piece"))) == 1
