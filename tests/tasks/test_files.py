"""Files of tasks: for their owner alone, each with a key of its own."""

from pathlib import Path

import pytest

from newsletter.storage import Storage
from newsletter.tasks import files


def test_the_same_content_is_kept_twice_and_removed_once(tmp_path: Path) -> None:
    path = tmp_path / "list.csv"
    path.write_text("email\n")
    storage = Storage(tmp_path / "storage")
    first, second = files.keep(storage, path), files.keep(storage, path)
    storage.remove(first)
    assert storage.exists(second)
    assert storage.path(second).stat().st_mode & 0o777 == 0o600


def test_a_folder_of_ones_own_is_empty_and_goes_with_the_work(tmp_path: Path) -> None:
    left = tmp_path / files.FOLDER / "7" / "half"
    left.parent.mkdir(parents=True)
    left.write_text("what a killed attempt wrote")
    with files.workspace(tmp_path, 7) as folder:
        assert list(folder.iterdir()) == []
        assert folder.stat().st_mode & 0o777 == 0o700
    with pytest.raises(OSError, match="disk"), files.workspace(tmp_path, 7):
        raise OSError("the disk is full")
    assert list((tmp_path / files.FOLDER).iterdir()) == []
