"""Files in pieces: none is lost, none counts twice, nobody meets another's, on both databases."""

import errno
import hashlib
import re
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime
from threading import Barrier

import pytest
from sqlalchemy import select, update

from newsletter.errors import Conflict, Damaged, NotFound, TooLarge, TooMany
from newsletter.installation import Installation
from newsletter.models.upload import Upload, UploadPiece
from newsletter.services.datasets import uploads
from newsletter.services.datasets.upload_files import UNFINISHED_FOR, WHOLE_FOR, open_file
from newsletter.services.datasets.uploads import FILE_BYTES, GB, PIECE_BYTES, Checksum, Progress
from tests.services.conftest import ADA, BEN

NOW = datetime(2026, 11, 23, 9, tzinfo=UTC)


def begin(opened: Installation, length: int, curator: int = ADA) -> str:
    return uploads.begin(opened, curator, "Seal counts.csv", length, NOW)[0]


def append(
    opened: Installation, token: str, offset: int, *chunks: bytes, curator: int = ADA
) -> Progress:
    return uploads.append(opened, curator, token, offset, chunks, NOW)


def pieces(opened: Installation) -> list[str]:
    """The pieces in storage."""
    return [path.name for path in opened.storage.root.glob("??/??/*.piece")]


def recorded(opened: Installation) -> list[str]:
    with opened.db.read() as session:
        return list(session.scalars(select(UploadPiece.key)))


def test_what_comes_in_pieces_is_one_file(on_both: Installation) -> None:
    token, begun = uploads.begin(on_both, ADA, "../Seal\ncounts.csv", 10, NOW)
    assert (begun.name, begun.received, begun.is_whole) == ("Seal counts.csv", 0, False)
    assert begun.expires_at == NOW + UNFINISHED_FOR
    assert append(on_both, token, 0, b"abc", b"d").received == 4
    assert uploads.progress(on_both, ADA, token).received == 4
    # The same bytes again are a piece of their own.
    assert append(on_both, token, 4, b"abcd").received == 8
    whole = append(on_both, token, 8, b"ef")
    assert whole.is_whole
    assert whole.expires_at == NOW + WHOLE_FOR
    with open_file(on_both, whole.key) as path:
        assert path.read_bytes() == b"abcdabcdef"


def test_a_file_of_nothing_is_whole_at_once(on_both: Installation) -> None:
    _, begun = uploads.begin(on_both, ADA, "empty.csv", 0, NOW)
    assert begun.is_whole
    with open_file(on_both, begun.key) as path:
        assert path.read_bytes() == b""


def test_the_database_has_no_token(on_both: Installation) -> None:
    token, begun = uploads.begin(on_both, ADA, "x.csv", 1, NOW)
    assert re.fullmatch(r"[\w-]{43}", token)
    with on_both.db.read() as session:
        row = session.scalars(select(Upload)).one()
    assert row.token_hash == hashlib.sha256(token.encode()).hexdigest()
    assert token not in begun.key


def test_another_curators_upload_is_not_there(on_both: Installation) -> None:
    token = begin(on_both, 4)
    with pytest.raises(NotFound, match="send the file again"):
        uploads.progress(on_both, BEN, token)
    with pytest.raises(NotFound):
        append(on_both, token, 0, b"abcd", curator=BEN)
    with pytest.raises(NotFound):
        uploads.discard(on_both, BEN, token)
    assert uploads.progress(on_both, ADA, token).received == 0
    assert pieces(on_both) == []


@pytest.mark.parametrize("offset", [0, 1, 3, 4])
def test_a_piece_of_another_place_is_a_conflict(on_both: Installation, offset: int) -> None:
    token = begin(on_both, 10)
    append(on_both, token, 0, b"ab")
    with pytest.raises(Conflict, match="2 bytes are here"):
        append(on_both, token, offset, b"cd")
    assert uploads.progress(on_both, ADA, token).received == 2
    assert sorted(pieces(on_both)) == sorted(recorded(on_both))


def test_of_two_pieces_at_once_one_is_kept(on_both: Installation) -> None:
    token = begin(on_both, 12)
    both_are_here = Barrier(2)

    def slowly(content: bytes) -> Iterator[bytes]:
        both_are_here.wait(timeout=60)  # after each has looked at the offset
        yield content

    def bring(content: bytes) -> str:
        try:
            uploads.append(on_both, ADA, token, 0, slowly(content), NOW)
        except Conflict:
            return ""
        return content.decode()

    with ThreadPoolExecutor(2) as pool:
        outcomes = sorted(pool.map(bring, (b"first", b"second")))
    assert outcomes[0] == ""
    assert outcomes[1] in ("first", "second")
    received = uploads.progress(on_both, ADA, token).received
    assert received == len(outcomes[1])
    assert pieces(on_both) == recorded(on_both)
    assert len(pieces(on_both)) == 1


def test_a_piece_beyond_the_end_or_too_large_is_refused_whole(on_both: Installation) -> None:
    token = begin(on_both, 4)
    with pytest.raises(TooLarge):
        append(on_both, token, 0, b"abc", b"de")
    large = begin(on_both, FILE_BYTES)
    with pytest.raises(TooLarge):
        append(on_both, large, 0, b"0" * PIECE_BYTES, b"1")
    assert uploads.progress(on_both, ADA, token).received == 0
    assert pieces(on_both) == []


def test_a_checksum_is_of_what_is_kept(on_both: Installation) -> None:
    token = begin(on_both, 4)
    right = Checksum("sha1", hashlib.sha1(b"ab").digest())
    with pytest.raises(Damaged, match="send it again"):
        uploads.append(on_both, ADA, token, 0, [b"aX"], NOW, right)
    assert pieces(on_both) == []
    assert uploads.append(on_both, ADA, token, 0, [b"a", b"b"], NOW, right).received == 2


def test_a_connection_that_breaks_keeps_what_came(on_both: Installation) -> None:
    token = begin(on_both, 4)
    assert append(on_both, token, 0, b"a").received == 1
    assert append(on_both, token, 1).received == 1  # nothing came at all
    assert len(pieces(on_both)) == 1


def test_a_full_disk_loses_nothing_of_before(on_both: Installation) -> None:
    token = begin(on_both, 4)
    append(on_both, token, 0, b"ab")

    def on_a_full_disk() -> Iterator[bytes]:
        yield b"c"
        raise OSError(errno.ENOSPC, "No space left on device")

    with pytest.raises(OSError, match="No space left"):
        uploads.append(on_both, ADA, token, 2, on_a_full_disk(), NOW)
    assert uploads.progress(on_both, ADA, token).received == 2
    assert pieces(on_both) == recorded(on_both)
    assert append(on_both, token, 2, b"cd").is_whole


def test_a_process_that_is_killed_before_a_piece_counts_loses_that_piece(
    on_both: Installation, monkeypatch: pytest.MonkeyPatch
) -> None:
    token = begin(on_both, 4)
    append(on_both, token, 0, b"ab")

    def killed(*_: object) -> None:
        raise SystemExit

    with monkeypatch.context() as patch:
        patch.setattr(uploads, "_record", killed)
        with pytest.raises(SystemExit):
            append(on_both, token, 2, b"cd")
    assert len(pieces(on_both)) == len(recorded(on_both)) + 1  # a job removes it
    assert uploads.progress(on_both, ADA, token).received == 2
    assert append(on_both, token, 2, b"cd").is_whole


def test_an_upload_that_is_discarded_leaves_nothing(on_both: Installation) -> None:
    token, other = begin(on_both, 4), begin(on_both, 4, BEN)
    append(on_both, token, 0, b"ab")
    append(on_both, other, 0, b"ab", curator=BEN)
    uploads.discard(on_both, ADA, token)
    with pytest.raises(NotFound):
        uploads.progress(on_both, ADA, token)
    assert pieces(on_both) == recorded(on_both)
    assert append(on_both, other, 2, b"cd", curator=BEN).is_whole


def test_one_that_is_discarded_while_a_piece_comes_takes_the_piece_with_it(
    on_both: Installation,
) -> None:
    token = begin(on_both, 4)

    def meanwhile() -> Iterator[bytes]:
        yield b"ab"
        uploads.discard(on_both, ADA, token)

    with pytest.raises(Conflict):
        uploads.append(on_both, ADA, token, 0, meanwhile(), NOW)
    assert pieces(on_both) == recorded(on_both) == []


def test_a_file_has_2_gb_at_most(on_both: Installation) -> None:
    assert begin(on_both, 2 * 1024**3)
    with pytest.raises(TooLarge, match="2 GB at most"):
        begin(on_both, 2 * 1024**3 + 1)


def test_a_curator_has_20_unfinished_ones_at_most(on_both: Installation) -> None:
    tokens = [begin(on_both, 1) for _ in range(20)]
    with pytest.raises(TooMany, match="20 of your uploads are unfinished"):
        begin(on_both, 1)
    assert begin(on_both, 1, BEN)
    append(on_both, tokens[0], 0, b"a")
    assert begin(on_both, 1)
    uploads.discard(on_both, ADA, tokens[1])
    assert begin(on_both, 1)


def test_a_curator_has_10_gb_at_most_that_no_dataset_has(on_both: Installation) -> None:
    tokens = [begin(on_both, 2 * GB) for _ in range(5)]
    with on_both.db.write() as session:  # whole ones count, too
        session.execute(update(Upload).values(received=Upload.length))
    with pytest.raises(TooMany, match="over 10 GB together"):
        begin(on_both, 1)
    assert begin(on_both, 2 * GB, BEN)
    uploads.discard(on_both, ADA, tokens[0])
    assert begin(on_both, 2 * GB)


def test_two_that_begin_at_once_are_counted_one_after_the_other(on_both: Installation) -> None:
    for _ in range(19):
        begin(on_both, 1)
    both_are_here = Barrier(4)

    def try_it(_: int) -> bool:
        both_are_here.wait(timeout=60)
        try:
            begin(on_both, 1)
        except TooMany:
            return False
        return True

    with ThreadPoolExecutor(4) as pool:
        assert sum(pool.map(try_it, range(4))) == 1


def test_a_file_cannot_be_made_of_endlessly_many_pieces(
    on_both: Installation, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(uploads, "PIECES_AT_MOST", 2)
    token = begin(on_both, 9)
    append(on_both, token, 0, b"a")
    append(on_both, token, 1, b"b")
    with pytest.raises(TooLarge, match="in larger ones"):
        append(on_both, token, 2, b"c")
