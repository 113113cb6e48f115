"""The same file names by the command, the form, a folder and an address: the same tables."""

import io
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any
from urllib.parse import quote

import pytest
import yaml
from click.testing import CliRunner
from werkzeug.datastructures import FileStorage

from newsletter.catalog import datasets
from newsletter.cli import newsletter
from newsletter.installation import Installation
from tests import factories
from tests.file_names import ODD_NAMES
from tests.web.admin.conftest import Browser
from tests.web.admin.datasets.test_dataset_form import NEW, WORDS

CSV = b"bank,year,seals\nNorth,2019,120\nSouth,2019,88\n"
NAMES = list(ODD_NAMES.values())


class _Handler(BaseHTTPRequestHandler):
    def do_GET(self) -> None:
        self.send_response(200)
        self.send_header("Content-Length", str(len(CSV)))
        self.end_headers()
        self.wfile.write(CSV)

    def log_message(self, *_: object) -> None:
        pass


@pytest.fixture
def web() -> Iterator[str]:
    """The address of a server that has the same table wherever it is asked for one."""
    with ThreadingHTTPServer(("127.0.0.1", 0), _Handler) as running:
        thread = threading.Thread(target=running.serve_forever, args=(0.01,), daemon=True)
        thread.start()
        yield f"http://127.0.0.1:{running.server_port}"
        running.shutdown()
        thread.join()


@pytest.fixture
def environ(environ: dict[str, str], web: str) -> dict[str, str]:
    return environ | {"NEWSLETTER_FETCH_HOSTS": web.removeprefix("http://")}


def command(environ: dict[str, str], *arguments: str) -> None:
    done = CliRunner(env=environ).invoke(newsletter, arguments, prog_name="newsletter")
    assert done.exit_code == 0, done.output


def added(environ: dict[str, str], slug: str, source: str) -> None:
    words = ("--title", "Seals of the sea", "--license", "CC0-1.0", "--publish")
    command(environ, "dataset", "add", source, "--slug", slug, *words)


def tables(installation: Installation, slug: str) -> list[str]:
    with installation.db.read() as session:
        return [table.name for table in datasets.newest(session, slug).tables]


def submitted(curator: Browser, slug: str, **tables: Any) -> None:
    answer = curator.post(NEW, NEW, **(WORDS | {"slug": slug} | tables))
    assert answer.status_code == 302, answer.text
    curator.work()


def uploads(names: list[str]) -> dict[str, FileStorage]:
    return {
        f"tables-{at}-file": FileStorage(io.BytesIO(CSV), filename=name)
        for at, name in enumerate(names)
    }


def synced(environ: dict[str, str], folder: Path, files: list[str]) -> None:
    written = {
        "title": "Seals of the sea",
        "summary": "Counts from the air, one row a bank",
        "description": "Each row is one count of seals on one sandbank, from the air, in a year.",
        "license": "CC0-1.0",
        "keywords": ["seals"],
        "sources": [{"title": "The survey", "url": "https://example.org/survey"}],
        "tables": [{"file": f"data/{name}"} for name in files],
    }
    (folder / "dataset.yaml").write_text(yaml.safe_dump(written, allow_unicode=True), "utf-8")
    command(environ, "sync", str(folder))


def folder_with(root: Path, slug: str, files: list[str]) -> Path:
    folder = root / slug
    (folder / "data").mkdir(parents=True)
    for name in files:
        (folder / "data" / name).write_bytes(CSV)
    return folder


def test_by_a_folder(environ: dict[str, str], installation: Installation, tmp_path: Path) -> None:
    assert len(ODD_NAMES) == len(set(NAMES)) == 20
    synced(environ, folder_with(tmp_path, "seals", list(ODD_NAMES)), list(ODD_NAMES))
    assert tables(installation, "seals") == NAMES


def test_by_the_form(installation: Installation, curator: Browser) -> None:
    submitted(curator, "seals", **uploads(list(ODD_NAMES)))
    assert tables(installation, "seals") == NAMES


def test_by_addresses(installation: Installation, curator: Browser, web: str) -> None:
    urls = {f"tables-{at}-url": f"{web}/a/{quote(name)}?key=1" for at, name in enumerate(ODD_NAMES)}
    submitted(curator, "seals", **urls)
    assert tables(installation, "seals") == NAMES


def test_by_the_command(
    environ: dict[str, str], installation: Installation, tmp_path: Path
) -> None:
    folder = folder_with(tmp_path, "files", list(ODD_NAMES))
    for at, name in enumerate(ODD_NAMES):
        added(environ, f"seals-{at}", str(folder / "data" / name))
    by_command = [tables(installation, f"seals-{at}") for at in range(len(ODD_NAMES))]
    assert by_command == [[name] for name in NAMES]


def test_by_the_command_and_an_address(
    environ: dict[str, str], installation: Installation, web: str
) -> None:
    added(environ, "seals", f"{web}/a/{quote('Ventes été.csv')}?key=1")
    assert tables(installation, "seals") == ["ventes-ete"]


def test_an_address_without_a_path_is_called_after_its_host(
    environ: dict[str, str], installation: Installation, curator: Browser, web: str
) -> None:
    added(environ, "by-command", web)
    submitted(curator, "by-form", **{"tables-0-url": f"{web}/?format=csv"})
    assert tables(installation, "by-command") == tables(installation, "by-form") == ["127-0-0-1"]


def test_files_of_one_name_get_numbers_by_each_door(
    environ: dict[str, str], installation: Installation, curator: Browser, tmp_path: Path
) -> None:
    names = ["Été.csv", "ete.tsv", "ÉTÉ.csv.gz"]
    synced(environ, folder_with(tmp_path, "by-folder", names), names)
    submitted(curator, "by-form", **uploads(names))
    assert tables(installation, "by-folder") == tables(installation, "by-form")
    assert tables(installation, "by-form") == ["ete", "ete-2", "ete-3"]


def test_a_published_workbook_keeps_the_names_that_its_sheets_had(
    environ: dict[str, str], installation: Installation, tmp_path: Path
) -> None:
    folder = folder_with(tmp_path, "sales", [])
    factories.workbook(folder / "data", "Ventes été", "東京")
    synced(environ, folder, ["sheets.xlsx"])
    assert tables(installation, "sales") == ["ventes-ete", "dong-jing"]
    with installation.db.write() as session:  # as 0.3 named them
        for table, name in zip(
            datasets.newest(session, "sales").tables, ("ventes-t", "table"), strict=True
        ):
            table.name = name
    package = yaml.safe_load((folder / "dataset.yaml").read_text("utf-8"))
    package["title"] = "Sales, said anew"
    (folder / "dataset.yaml").write_text(yaml.safe_dump(package, allow_unicode=True), "utf-8")
    command(environ, "sync", str(folder))
    assert tables(installation, "sales") == ["ventes-t", "table"]
