"""Row "archive traversal": an archive is unpacked nowhere but where we say, and only so far."""

import gzip
import io
import os
import stat
import subprocess
import sys
import tarfile
import tempfile
import zipfile
from collections.abc import Callable
from functools import partial
from pathlib import Path

import pytest
from werkzeug.datastructures import FileStorage
from werkzeug.test import TestResponse

from newsletter.catalog import datasets, multi_table
from newsletter.installation import Installation
from newsletter.tables.ingest import IngestLimits, IngestOptions
from tests.web.admin.conftest import Browser

WORDS = {"slug": "packed", "title": "From an archive", "summary": "x" * 30, "description": "x" * 60}
UNPACKED_AT_MOST = 10 * 1024 * 1024
TABLE = b"name,n\nstolen,1\nkept,2\nfound,3\n"


def zipped(*names: str, content: bytes = TABLE, mode: int = 0o644) -> bytes:
    raw = io.BytesIO()
    with zipfile.ZipFile(raw, "w", zipfile.ZIP_DEFLATED) as archive:
        for name in names:
            entry = zipfile.ZipInfo(name)
            entry.external_attr = (stat.S_IFREG | mode if mode < 0o10000 else mode) << 16
            archive.writestr(entry, content)
    return raw.getvalue()


def linked(to: str) -> bytes:
    """A zip whose one entry is a symbolic link."""
    return zipped("table.csv", content=to.encode(), mode=stat.S_IFLNK | 0o777)


def tarred(name: str, type_: bytes = tarfile.REGTYPE) -> bytes:
    raw = io.BytesIO()
    with tarfile.open(fileobj=raw, mode="w:gz") as archive:
        entry = tarfile.TarInfo(name)
        entry.type, entry.linkname = type_, "/etc/passwd"
        entry.size = len(TABLE) if type_ == tarfile.REGTYPE else 0
        archive.addfile(entry, io.BytesIO(TABLE))
    return raw.getvalue()


def bomb() -> bytes:
    """A thousand times as large unpacked."""
    return gzip.compress(bytes(8 * UNPACKED_AT_MOST), 9)


REFUSED: dict[str, tuple[Callable[[], bytes], str]] = {
    "a link to a file": (lambda: linked("/etc/passwd"), "holds a link"),
    "a link out of the folder": (lambda: linked("../../secret_key\nx"), "holds a link"),
    "a link in a tar": (lambda: tarred("table.csv", tarfile.SYMTYPE), "holds a link"),
    "a zip in a zip": (lambda: zipped("t.zip", content=zipped("t.csv")), "an archive inside"),
    "a gzip in a zip": (lambda: zipped("t.gz", content=gzip.compress(TABLE)), "an archive inside"),
    "a tar in a zip": (lambda: zipped("t.tar", content=tarred("t.csv")), "an archive inside"),
    "a bomb": (bomb, "unpacks to more than 10,485,760 bytes"),
}


@pytest.fixture
def temporary(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Where temporary files go; and a limit that a test reaches before a disk is full."""
    folder = tmp_path / "temporary"
    folder.mkdir()
    monkeypatch.setattr(tempfile, "tempdir", str(folder))
    limits = IngestLimits(output_bytes=UNPACKED_AT_MOST)
    monkeypatch.setattr(multi_table, "IngestOptions", partial(IngestOptions, limits=limits))
    return folder


@pytest.mark.parametrize("what", REFUSED)
def test_an_archive_that_is_no_table_is_refused_and_nothing_is_left(
    owner: Browser, installation: Installation, temporary: Path, tmp_path: Path, what: str
) -> None:
    before = everything_in(tmp_path)
    pack, sentence = REFUSED[what]
    packed = pack()
    assert send(owner, packed).status_code == 302
    answer = owner.get("/admin/datasets/packed/edit")
    problem = answer.text.partition('id="tables-0-file-problem">')[2].partition("<")[0]
    assert sentence in problem
    assert "root:" not in answer.text
    assert list(temporary.iterdir()) == []
    with installation.db.read() as session:
        assert [version.tables for version in datasets.everything(session)] == [[]]
    # The upload itself is kept, for the form that is sent again; and not unpacked.
    (kept,) = everything_in(tmp_path) - before
    assert kept.read_bytes() == packed


@pytest.mark.parametrize("pack", [zipped, tarred], ids=["zip", "tar"])
@pytest.mark.parametrize(
    "name", ["../../../table.csv", "/tmp/table.csv", "x\\..\\table.csv", "a/../../table.csv"]
)
def test_no_name_in_an_archive_is_a_place(
    owner: Browser,
    installation: Installation,
    temporary: Path,
    tmp_path: Path,
    name: str,
    pack: Callable[[str], bytes],
) -> None:
    assert send(owner, pack(name)).status_code == 302
    with installation.db.read() as session:
        (table,) = datasets.newest(session, "packed").tables
    assert table.preview[0] == ["stolen", 1]
    assert list(temporary.iterdir()) == []
    assert [path for path in everything_in(tmp_path) if "table" in path.name] == []
    assert not Path("/tmp/table.csv").exists()


@pytest.mark.parametrize("file", ["../secret.csv", "/etc/passwd", "data/link.csv"])
def test_a_dataset_folder_names_no_file_outside_of_it(
    environ: dict[str, str], tmp_path: Path, file: str
) -> None:
    (tmp_path / "secret.csv").write_bytes(TABLE)
    folder = tmp_path / "catalog" / "packed"
    (folder / "data").mkdir(parents=True)
    (folder / "data" / "link.csv").symlink_to(tmp_path / "secret.csv")
    fields = WORDS | {"license": "CC0-1.0"}
    words = "".join(f"{name}: {text}\n" for name, text in fields.items() if name != "slug")
    (folder / "dataset.yaml").write_text(f"{words}tables:\n- name: t\n  file: {file}\n")
    done = subprocess.run(
        [sys.executable, "-m", "newsletter", "sync", str(tmp_path / "catalog")],
        env=environ | {"PATH": os.environ["PATH"]},
        cwd=Path(__file__).parents[2],
        capture_output=True,
        text=True,
        timeout=60,
    )
    assert done.returncode == 1
    assert done.stdout.startswith("! packed refused: dataset.yaml: tables.0.file")
    assert "stolen" not in done.stdout + done.stderr


def send(browser: Browser, packed: bytes) -> TestResponse:
    upload = FileStorage(io.BytesIO(packed), filename="table.zip")
    form = WORDS | {"tables-0-name": "t", "tables-0-file": upload}
    answer = browser.post("/admin/datasets/new", "/admin/datasets/new", **form)
    browser.work()
    return answer


def everything_in(folder: Path) -> set[Path]:
    """But for what the databases and the workers write."""
    ours = ("newsletter.db", "tasks.db")
    files = {p for p in folder.rglob("*") if p.is_file() and p.parent.name != "workers"}
    return {p for p in files if not p.name.startswith(ours)}
