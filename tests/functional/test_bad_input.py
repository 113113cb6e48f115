"""What a curator may get wrong, through the forms and the commands that curators use.

Each is answered by one clear sentence; nothing is half done, nothing typed is lost, the
file that came along is still there, and no temporary file stays behind.
"""

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import pytest

from tests.functional.site import Site, free_port, open_site
from tests.functional.visitor import Visitor

TYPED = {
    "slug": "rivers",
    "title": "The longest rivers",
    "summary": "Their length in kilometres, and where they flow.",
    "description": "Which river is the longest? That depends on where one says it begins.",
    "license": "CC0-1.0",
    "keywords": "rivers, geography",
    "sources-0-title": "An atlas",
    "sources-0-url": "https://atlas.example.org/rivers",
    "creators": "Ada Lovelace | https://example.org/ada",
    "caveats": "The Amazon’s spring is disputed.",
    "tables-0-name": "rivers",
    "tables-0-description": "One river a row.",
}
RIVERS = "river,length_km\nNile,6650\nAmazon,6400\nYangtze,6300\nŒuvre,1\n"
PNG = b"\x89PNG\r\n\x1a\n" + bytes(range(256)) * 8
RAGGED = b"river,length_km\nNile,6650\nAmazon\nYangtze,6300\nParana,4880,oops\nCongo,4700\n"
NEW = "/admin/datasets/new"
PAGE, EDIT = "/admin/datasets/rivers/", "/admin/datasets/rivers/edit"
NAMED = ("--title=The longest rivers", "--license=CC0-1.0")

REFUSED_FILES = {
    "empty.csv": (b"", "The file is empty: give one with a header and rows."),
    "picture.csv": (PNG, "This is a PNG image, not a table"),
    "noise.csv": (bytes(range(256)) * 8, "This is not a text file"),
    "ragged.csv": (b"a,b\n1\n2\n3,4,5\n", "3 of 3 rows do not fit the header (line 2: it has 1"),
}


@contextmanager
def web_server() -> Iterator[tuple[str, list[str]]]:
    """A server on loopback where nothing is found: its address, and what it was asked for."""

    class NothingHere(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            asked.append(self.path)
            self.send_error(404)

        def log_message(self, *_: Any) -> None: ...

    asked: list[str] = []
    server = ThreadingHTTPServer(("127.0.0.1", 0), NothingHere)
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_port}", asked
    finally:
        server.shutdown()
        thread.join()
        server.server_close()


@pytest.fixture
def web() -> Iterator[str]:
    """The address of a server that may be fetched from, though it is inside."""
    with web_server() as (url, _):
        yield url


@pytest.fixture
def site(environ: dict[str, str], temporary: Path, web: str) -> Iterator[Site]:
    environ |= {
        "TMPDIR": str(temporary),
        "NEWSLETTER_FETCH_HOSTS": web.removeprefix("http://"),
    }
    with open_site(environ, free_port()) as opened:
        yield opened
        root = Path(opened.installation.settings.home, "storage")
        assert list(temporary.iterdir()) == []
        assert list(root.glob("incoming/*")) == []


@pytest.fixture
def curator(site: Site) -> Visitor:
    return site.curator()


def add(site: Site, curator: Visitor, status: int = 200, **changes: Any) -> None:
    """Fill in the form for a dataset, with ``changes`` (whose __ is a hyphen), and send it; its
    files are read."""
    fields = TYPED | {name.replace("__", "-"): value for name, value in changes.items()}
    curator.open(NEW).submit("slug", status, **fields)
    site.work()


def assert_kept(curator: Visitor, besides: str = "", **changes: str) -> None:
    """The form stands there again with all that was typed, ``besides`` one field."""
    fields = TYPED | {name.replace("__", "-"): value for name, value in changes.items()}
    fields.pop(besides, None)
    assert {name: curator.value(name) for name in fields} == fields


@pytest.mark.parametrize("name", REFUSED_FILES)
def test_a_file_that_is_no_table_is_refused(site: Site, curator: Visitor, name: str) -> None:
    content, sentence = REFUSED_FILES[name]
    add(site, curator, tables__0__file=(name, content))
    assert f"{name} could not be read {sentence}" in curator.open(PAGE).words()
    assert curator.open(EDIT).beside("tables-0-file").startswith(sentence)
    assert f"{name} (uploaded) It is kept" in curator.words()
    assert_kept(curator, besides="slug")
    upload: dict[str, Any] = {"tables-0-file": ("rivers.csv", RIVERS.encode())}
    curator.submit("title", **upload)
    site.work()
    assert f"{RIVERS.count(chr(10)) - 1} rows × 2 columns" in curator.open(PAGE).words()


@pytest.mark.parametrize("name", REFUSED_FILES)
def test_a_command_refuses_such_a_file_in_one_line(site: Site, tmp_path: Path, name: str) -> None:
    content, sentence = REFUSED_FILES[name]
    before = site.rows()
    assert dataset_add(site, written(tmp_path, name, content)).startswith(sentence)
    assert site.rows() == before


def test_ragged_rows_are_listed_with_their_lines_and_the_rest_is_kept(
    site: Site, curator: Visitor, tmp_path: Path
) -> None:
    add(site, curator, tables__0__file=("ragged.csv", RAGGED))
    words = curator.open("/admin/datasets/rivers/").words()
    assert "1 row was left out" in words
    assert "fewer cells than the header: the others are missing (line 3)" in words
    assert "Line 5: it has 3 cells where the header has 2" in words
    assert "Congo" in words

    path = str(written(tmp_path, "ragged.csv", RAGGED))
    done = site.command("dataset", "add", path, "--slug=again", *NAMED)
    assert done.returncode == 0
    assert "4 rows × 2 columns" in done.stdout
    assert "line 5: it has 3 cells where the header has 2" in done.stdout


@pytest.mark.parametrize(("encoding", "said"), [("utf-16", "utf-16"), ("cp1252", "cp1252")])
def test_another_encoding_is_read_right_and_named(
    site: Site, curator: Visitor, tmp_path: Path, encoding: str, said: str
) -> None:
    content = RIVERS.encode(encoding)
    add(site, curator, tables__0__file=("rivers.csv", content))
    words = curator.open("/admin/datasets/rivers/").words()
    assert "Œuvre" in words
    assert f"from rivers.csv {said}" in words
    curator.submit("Publish")
    csv = site.visitor().open("/datasets/rivers/v/1.0.0/rivers.csv").answer.content
    assert csv.decode() == RIVERS

    path = str(written(tmp_path, "rivers.csv", content))
    done = site.command("dataset", "add", path, "--slug=again", *NAMED)
    assert done.returncode == 0
    assert f"read as {said}" in done.stdout


def test_an_address_where_nothing_is_says_so(site: Site, curator: Visitor, web: str) -> None:
    url, before = f"{web}/rivers.csv", site.rows()
    sentence = "The address answered 404 Not Found: check it in a browser."
    assert dataset_add(site, url) == sentence
    assert site.rows() == before
    add(site, curator, tables__0__url=url)
    assert curator.open(EDIT).beside("tables-0-url") == sentence
    assert_kept(curator, besides="slug", tables__0__url=url)


def test_an_address_inside_is_not_asked(site: Site, curator: Visitor) -> None:
    with web_server() as (url, asked):
        before = site.rows()
        sentence = "127.0.0.1 is not on the public Internet: give a public address."
        assert dataset_add(site, url) == sentence
        assert site.rows() == before
        add(site, curator, tables__0__url=url)
        assert curator.open(EDIT).beside("tables-0-url") == sentence
        assert_kept(curator, besides="slug", tables__0__url=url)
        assert asked == []


def test_a_slug_that_is_taken_is_refused_and_the_file_is_still_there(
    site: Site, curator: Visitor, tmp_path: Path
) -> None:
    add(site, curator, tables__0__file=("rivers.csv", RIVERS.encode()))
    before = site.rows()
    add(site, curator, 422, title="Other rivers", tables__0__file=("others.csv", RIVERS.encode()))
    sentence = "There is a dataset 'rivers' already: choose another slug, or edit that one."
    assert curator.beside("slug") == sentence
    assert "others.csv (uploaded) It is kept" in curator.words()
    assert_kept(curator, title="Other rivers")
    assert dataset_add(site, written(tmp_path, "rivers.csv", RIVERS.encode())) == sentence
    assert site.rows() == before
    curator.submit("slug", slug="others")
    assert "Saved as a draft." in curator.words()


def test_without_a_licence_it_is_saved_and_not_published(
    site: Site, curator: Visitor, tmp_path: Path
) -> None:
    add(site, curator, license="", tables__0__file=("rivers.csv", RIVERS.encode()))
    before = site.rows()
    sentence = "It has no license: add an SPDX id such as CC-BY-4.0."
    assert sentence in curator.open("/admin/datasets/rivers/").words()
    curator.post("/admin/datasets/rivers/publish")
    assert f"“The longest rivers” cannot be published yet. {sentence}" in curator.words()
    site.visitor().open("/datasets/rivers", status=404)
    path = written(tmp_path, "rivers.csv", RIVERS.encode())
    assert "is not an SPDX license id" in dataset_add(site, path, "--license=mine")
    assert site.rows() == before


@pytest.mark.parametrize(
    ("day", "sentence"),
    [
        ("2038-11-30", "2038-11-30 is a Tuesday: choose a Monday, such as 2038-11-29."),
        ("2026-01-05", "2026-01-05 has passed: choose a Monday from"),
        ("2038-11-29", "2038-11-29 is taken by “The longest rivers”"),
        ("soon", "'soon' is no date: write it as 2026-11-30."),
    ],
)
def test_a_day_that_cannot_be_had_is_refused(
    site: Site, curator: Visitor, day: str, sentence: str
) -> None:
    for slug in ("rivers", "streams"):
        add(site, curator, slug=slug, tables__0__file=("rivers.csv", RIVERS.encode()))
    curator.open("/admin/issues/").submit("slug", slug="rivers", date="2038-11-29")
    before = site.rows()
    curator.open("/admin/issues/").submit("slug", slug="streams", date=day)
    assert sentence in curator.words()
    assert curator.value("slug") == "streams"
    done = site.command("issue", "plan", "--date", day, "--dataset=rivers")
    assert done.returncode == (2 if day == "soon" else 1)
    assert sentence in done.stderr.splitlines()[-1]
    assert site.rows() == before


def test_a_stale_form_is_shown_again_with_what_was_typed(site: Site, curator: Visitor) -> None:
    before = site.rows()
    upload = ("rivers.csv", RIVERS.encode())
    add(site, curator, 400, csrf_token="of another session", tables__0__file=upload)
    assert "That form is stale" in curator.words()
    assert "rivers.csv (uploaded) It is kept" in curator.words()
    assert_kept(curator)
    assert site.rows() == before
    curator.submit("slug")
    assert "Saved as a draft." in curator.words()


def test_a_stale_form_of_an_issue_keeps_its_words(site: Site, curator: Visitor) -> None:
    add(site, curator, tables__0__file=("rivers.csv", RIVERS.encode()))
    curator.open("/admin/issues/").submit("slug", slug="rivers", date="2038-11-29")
    before = site.rows()
    words = {"subject": "Rivers!", "preheader": "How long?", "intro": "It all\nflows."}
    curator.open("/admin/issues/2038-11-29").submit("subject", 400, csrf_token="old", **words)
    assert "That form is stale" in curator.words()
    assert {name: curator.value(name) for name in words} == words
    assert site.rows() == before
    curator.submit("subject")
    assert "Saved." in curator.words()


def test_too_large_an_upload_gets_a_page_with_one_sentence(site: Site, curator: Visitor) -> None:
    before = site.rows()
    upload = ("huge.csv", b"0" * (257 * 1024 * 1024))
    add(site, curator, 413, tables__0__file=upload)
    assert "Send a smaller file" in curator.words()
    site.visitor().open("/subscribe").submit("email", 413, email="a" * 300_000)
    assert site.rows() == before


def dataset_add(site: Site, source: Path | str, *more: str) -> str:
    return site.refusal("dataset", "add", str(source), "--slug=rivers", *NAMED, *more)


def written(folder: Path, name: str, content: bytes) -> Path:
    path = folder / name
    path.write_bytes(content)
    return path
