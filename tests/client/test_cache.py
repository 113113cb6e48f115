"""What was loaded once is there without a network, and is never believed unchecked."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

from dataset_daily import Damaged, Unreachable, Unusable, cache, load
from tests.client.conftest import Served

PARQUET = "/datasets/kinds/v/1.0.0/kinds.parquet"
NOBODY = "503 Service Unavailable"


def files(tmp_path: Path, pattern: str = "*") -> list[Path]:
    return sorted(path for path in (tmp_path / "cache").rglob(pattern) if path.is_file())


def test_a_version_that_was_loaded_needs_no_network(served: Served) -> None:
    first = load("kinds", version="1.0.0")
    served.requested.clear()
    assert load("kinds", version="1.0.0").equals(first)
    assert load("kinds", version="1.0.0", using="polars").height == len(first)
    assert served.requested == []


def test_the_newest_is_asked_for_and_its_file_is_fetched_once(served: Served) -> None:
    load("kinds")
    served.requested.clear()
    load("kinds")
    assert served.requested == ["/datasets/kinds/datapackage.json"]


def test_without_a_network_it_says_which_version_is_there(served: Served) -> None:
    load("kinds", version="1.0.0")
    served.failing = NOBODY
    with pytest.raises(Unreachable, match=r'503.*try again later\. version="1\.0\.0" is on this'):
        load("kinds")
    with pytest.raises(Unreachable, match=r"try again later\.$"):
        load("lonely")


@pytest.mark.parametrize("pattern", ["*.parquet", "*.json"])
@pytest.mark.parametrize("content", [b"", b"{}", b"PAR1 and no more"])
def test_a_file_that_was_changed_is_fetched_again(
    pattern: str, content: bytes, served: Served, tmp_path: Path
) -> None:
    whole = load("kinds", version="1.0.0")
    (kept,) = files(tmp_path, pattern)
    before = kept.read_bytes()
    kept.write_bytes(content)
    assert load("kinds", version="1.0.0").equals(whole)
    assert kept.read_bytes() == before


def test_what_is_not_what_was_published_is_refused_and_not_kept(
    served: Served, tmp_path: Path
) -> None:
    served.spoiled[PARQUET] = b"PAR1"
    with pytest.raises(Damaged, match=r"kinds\.parquet has the SHA-256 .*try again, or tell"):
        load("kinds", version="1.0.0")
    served.spoiled[PARQUET] = b"x" * 1_000_000
    with pytest.raises(Damaged, match=r"kinds\.parquet is longer, where [0-9,]+ bytes with"):
        load("kinds", version="1.0.0")
    assert [path.suffix for path in files(tmp_path)] == [".json"]
    served.spoiled.clear()
    assert len(load("kinds", version="1.0.0")) == 4


def test_several_processes_fill_it_at_once(served: Served, tmp_path: Path) -> None:
    program = "from dataset_daily import load; print(len(load('kinds', version='1.0.0')))"
    running = [
        subprocess.Popen([sys.executable, "-c", program], stdout=subprocess.PIPE, text=True)
        for _ in range(3)
    ]
    assert [process.communicate(timeout=300)[0] for process in running] == ["4\n"] * 3
    assert sorted(path.suffix for path in files(tmp_path)) == [".json", ".parquet"]


def test_a_folder_that_cannot_be_written_is_named(
    served: Served, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "file").write_text("no folder")
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "file"))
    with pytest.raises(Unusable, match=r"cannot be written .*: make room there, or set XDG_CACHE"):
        load("kinds")


@pytest.mark.parametrize(
    ("platform", "variables", "place"),
    [
        ("linux", {}, ".cache/dataset-daily"),
        ("linux", {"XDG_CACHE_HOME": "/var/kept"}, "/var/kept/dataset-daily"),
        ("darwin", {}, "Library/Caches/dataset-daily"),
        ("win32", {"LOCALAPPDATA": "/c/Local"}, "/c/Local/dataset-daily"),
    ],
)
def test_each_platform_has_its_place(
    platform: str,
    variables: dict[str, str],
    place: str,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    for name in ("XDG_CACHE_HOME", "LOCALAPPDATA"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("HOME", str(tmp_path))
    for name, value in variables.items():
        monkeypatch.setenv(name, value)
    monkeypatch.setattr(sys, "platform", platform)
    assert cache.folder() == Path(os.path.expanduser("~"), place)  # noqa: PTH111 (as / wins)
