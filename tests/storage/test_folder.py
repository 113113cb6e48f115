import hashlib
import multiprocessing
import os
import signal
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import BinaryIO

import pytest

from newsletter.errors import BadSetting, NotFound
from newsletter.storage import Storage


def a_file(folder: Path, content: bytes = b"a,b\n1,2\n", name: str = "table.csv") -> Path:
    path = folder / name
    path.write_bytes(content)
    return path


def files_under(root: Path) -> list[str]:
    return sorted(str(path.relative_to(root)) for path in root.rglob("*") if path.is_file())


def test_it_keeps_a_file_under_the_hash_of_its_content(tmp_path: Path) -> None:
    content = b"a,b\n1,2\n"
    storage = Storage.from_url(str(tmp_path / "store"))

    key = storage.put(a_file(tmp_path, content))

    assert key == hashlib.sha256(content).hexdigest() + ".csv"
    with storage.open(key) as file:
        assert file.read() == content
    assert storage.size(key) == len(content)
    assert storage.exists(key)
    assert storage.path(key).parent.parent.name == key[:2]


def test_it_stores_the_same_content_once(tmp_path: Path) -> None:
    storage = Storage.from_url(str(tmp_path / "store"))

    first = storage.put(a_file(tmp_path, name="one.csv"))
    second = storage.put(a_file(tmp_path, name="two.csv"))

    assert first == second
    assert len(files_under(tmp_path / "store")) == 1


def test_it_takes_another_suffix_when_told(tmp_path: Path) -> None:
    storage = Storage(tmp_path / "store")

    assert storage.put(a_file(tmp_path, name="upload-3"), ".parquet").endswith(".parquet")


@pytest.mark.parametrize("name", ["noext", "odd.!!", "long.abcdefghijklmnop"])
def test_it_leaves_out_a_suffix_that_could_not_stand_in_a_key(tmp_path: Path, name: str) -> None:
    storage = Storage(tmp_path / "store")

    assert len(storage.put(a_file(tmp_path, name=name))) == 64


@pytest.mark.parametrize("url", ["file://{}/st%20ore", "file://localhost{}/st%20ore", "{}/st ore"])
def test_it_reads_file_addresses_and_plain_paths(tmp_path: Path, url: str) -> None:
    storage = Storage.from_url(url.format(tmp_path))

    key = storage.put(a_file(tmp_path))

    assert storage.path(key).is_relative_to(tmp_path / "st ore")


@pytest.mark.parametrize("url", ["", "s3://bucket", "file://elsewhere/path", "file:"])
def test_it_refuses_addresses_that_it_cannot_store_at(url: str) -> None:
    with pytest.raises(BadSetting, match="file:///path"):
        Storage.from_url(url)


@pytest.mark.parametrize(
    "key", ["", "../../etc/passwd", "ab" * 32 + "/../x", "AB" * 32, "ab" * 32 + ".csv\n"]
)
def test_it_never_leaves_its_directory(tmp_path: Path, key: str) -> None:
    storage = Storage(tmp_path)

    assert not storage.exists(key)
    with pytest.raises(NotFound):
        storage.path(key)
    with pytest.raises(NotFound):
        storage.open(key)


def test_it_says_when_there_is_no_such_file(tmp_path: Path) -> None:
    storage = Storage(tmp_path)
    key = "ab" * 32 + ".csv"

    assert not storage.exists(key)
    with pytest.raises(NotFound):
        storage.open(key)
    with pytest.raises(NotFound):
        storage.size(key)


def test_it_makes_a_file_beside_another_once(tmp_path: Path) -> None:
    storage = Storage(tmp_path / "storage")
    key = storage.put(a_file(tmp_path))

    def raised(source: BinaryIO, target: BinaryIO) -> None:
        target.write(source.read().upper())

    made = storage.derived(key, ".up", raised)
    assert made == storage.path(f"{key}.up")
    assert made.read_bytes() == b"A,B\n1,2\n"
    assert storage.derived(key, ".up", lambda source, target: pytest.fail("again")) == made


def test_what_could_not_be_made_leaves_nothing(tmp_path: Path) -> None:
    storage = Storage(tmp_path / "storage")
    key = storage.put(a_file(tmp_path))

    def fail(source: BinaryIO, target: BinaryIO) -> None:
        target.write(b"half")
        raise OSError("full")

    with pytest.raises(OSError, match="full"):
        storage.derived(key, ".up", fail)
    with pytest.raises(NotFound):
        storage.derived("0" * 64, ".up", fail)
    assert files_under(storage.path(key).parent) == [key]
    assert files_under(storage.root / "incoming") == []


def test_it_leaves_nothing_when_the_source_is_missing(tmp_path: Path) -> None:
    storage = Storage(tmp_path / "store")

    with pytest.raises(FileNotFoundError):
        storage.put(tmp_path / "gone.csv")

    assert files_under(tmp_path / "store") == []


def _put_a_pipe(root: Path, pipe: Path) -> None:
    Storage(root).put(pipe, ".csv")


def test_a_kill_in_the_middle_leaves_no_file_under_a_key(tmp_path: Path) -> None:
    root, pipe = tmp_path / "store", tmp_path / "pipe"
    os.mkfifo(pipe)
    process = multiprocessing.get_context("spawn").Process(target=_put_a_pipe, args=(root, pipe))
    process.start()
    with pipe.open("wb") as writer:
        writer.write(b"a,b\n1,2\n")
        writer.flush()
        assert process.pid is not None
        os.kill(process.pid, signal.SIGKILL)
        process.join()

    assert [name for name in files_under(root) if not name.startswith("incoming/")] == []


def test_it_stores_what_comes_in_chunks_and_joins_files(tmp_path: Path) -> None:
    storage = Storage(tmp_path / "store")

    first, second = storage.write([b"a,b\n", b"1,2\n"], ".csv"), storage.write([b"3,4\n"])

    assert (first.key, first.size) == (storage.put(a_file(tmp_path)), 8)
    with storage.joined([first.key, second.key, first.key]) as path:
        assert path.read_bytes() == b"a,b\n1,2\n3,4\na,b\n1,2\n"
    assert not path.exists()
    with pytest.raises(NotFound), storage.joined([first.key, "ab" * 32]):
        pytest.fail("it has no such file")
    assert files_under(storage.root / "incoming") == []


def test_chunks_that_end_with_an_error_leave_nothing(tmp_path: Path) -> None:
    storage = Storage(tmp_path / "store")

    def chunks() -> Iterator[bytes]:
        yield b"half"
        raise OSError("gone")

    with pytest.raises(OSError, match="gone"):
        storage.write(chunks())

    assert files_under(tmp_path / "store") == []


def test_it_removes_what_killed_processes_were_writing_long_ago(tmp_path: Path) -> None:
    storage = Storage(tmp_path)
    moment = datetime(2026, 11, 23, 9, tzinfo=UTC)
    (tmp_path / "incoming").mkdir()
    for name, age in (("old", 1), ("new", -1)):
        path = a_file(tmp_path / "incoming", name=name)
        os.utime(path, (moment.timestamp() - age, moment.timestamp() - age))

    storage.remove_staged(moment)

    assert files_under(tmp_path) == ["incoming/new"]
