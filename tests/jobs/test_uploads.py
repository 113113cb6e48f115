"""Half uploads are removed a day after their last piece, unused ones after a week."""

import os
from datetime import timedelta
from pathlib import Path

import pytest

from newsletter.installation import Installation
from newsletter.jobs import JobRun, purge_stale_uploads
from newsletter.services.datasets import uploads
from newsletter.services.datasets.upload_files import UNFINISHED_FOR, WHOLE_FOR, is_here
from tests.jobs.conftest import NOW

ADA = 1
MINUTE = timedelta(minutes=1)


def upload(installation: Installation, content: bytes, length: int) -> str:
    """The token of an upload whose last piece came now."""
    token, _ = uploads.begin(installation, ADA, "x.csv", length, NOW - timedelta(days=3))
    uploads.append(installation, ADA, token, 0, [content], NOW)
    return token


def received(installation: Installation, token: str) -> int:
    return uploads.progress(installation, ADA, token).received


def pieces(installation: Installation) -> list[Path]:
    return list(installation.storage.root.glob("??/??/*.piece"))


def grow_old(installation: Installation) -> None:
    """As if all files had been put an hour before ``NOW``."""
    moment = (NOW - timedelta(hours=1)).timestamp()
    for path in installation.storage.root.rglob("*"):
        os.utime(path, (moment, moment))


def test_half_ones_go_a_day_after_their_last_piece(installation: Installation) -> None:
    half, whole = upload(installation, b"ab", 4), upload(installation, b"ab", 2)
    purge_stale_uploads(installation, NOW + UNFINISHED_FOR - MINUTE)
    assert received(installation, half) == 2
    purge_stale_uploads(installation, NOW + UNFINISHED_FOR + MINUTE)
    assert len(pieces(installation)) == 1
    key = uploads.progress(installation, ADA, whole).key
    purge_stale_uploads(installation, NOW + WHOLE_FOR - MINUTE)
    assert is_here(installation, key)
    purge_stale_uploads(installation, NOW + WHOLE_FOR + MINUTE)
    assert not is_here(installation, key)
    assert pieces(installation) == []


def test_what_a_killed_process_left_goes_and_what_is_in_use_stays(
    installation: Installation,
) -> None:
    kept = upload(installation, b"ab", 2)
    stored = installation.storage.write([b"never recorded"], ".0123456789.piece")
    with installation.storage.joined([stored.key]) as joined:
        joined.rename(joined.with_name("left"))
    grow_old(installation)
    purge_stale_uploads(installation, NOW)
    assert installation.storage.exists(stored.key)  # it may be recorded in a moment
    purge_stale_uploads(installation, NOW + UNFINISHED_FOR)
    assert received(installation, kept) == 2
    assert len(pieces(installation)) == 1
    assert list((installation.storage.root / "incoming").iterdir()) == []


def test_one_that_cannot_be_removed_keeps_no_other(
    installation: Installation, monkeypatch: pytest.MonkeyPatch
) -> None:
    for _ in range(3):
        upload(installation, b"ab", 4)
    grow_old(installation)
    first = pieces(installation)[0].name
    real = Path.unlink

    def unlink(path: Path, missing_ok: bool = False) -> None:
        if path.name == first:
            raise PermissionError(path.name)
        real(path, missing_ok)

    monkeypatch.setattr(Path, "unlink", unlink)
    run = JobRun()
    purge_stale_uploads(installation, NOW + UNFINISHED_FOR + MINUTE, run)
    assert [path.name for path in pieces(installation)] == [first]
    assert len(run.failed_items) == 2  # its upload, and the piece itself
    monkeypatch.undo()
    purge_stale_uploads(installation, NOW + UNFINISHED_FOR + MINUTE)
    assert pieces(installation) == []
