"""One environment for the tests of a process, and a folder with a dataset and its posts."""

from collections.abc import Callable, Iterator
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import pytest
import yaml

from newsletter.catalog.multi_table import read_tables
from newsletter.catalog.package.dataset_package import read_package
from newsletter.posts.reading.parsed_post import WrittenCode
from newsletter.posts.running.environment import Environment, Environments
from newsletter.posts.running.limits import Processes, RunLimits
from newsletter.posts.running.result import Result
from tests.posts.written import markdown

GENEROUS = RunLimits()
SEEN = RunLimits(is_confined=False)  # its processes have the numbers that it knows them by
RAIN = "station,year,rain_mm\nNairobi,2021,781\nNairobi,2022,624\nKisumu,2021,1340\n"
COLUMNS = {"station": "string", "year": "integer", "rain_mm": "integer"}

Run = Callable[..., Result]


@pytest.fixture(autouse=True)
def secret(monkeypatch: pytest.MonkeyPatch) -> None:
    """What the code of a post must never see."""
    monkeypatch.setenv("SECRET_KEY", "do not tell")
    monkeypatch.setenv("NEWSLETTER_MAIL_URL", "smtp://user:do-not-tell@example.org")
    monkeypatch.setenv("PIP_EXAMPLE_TOKEN", "do not tell")


@pytest.fixture(scope="session")
def workshop() -> Iterator[Path]:
    """A folder with a short name, as sockets in it need."""
    with TemporaryDirectory(prefix="t-") as folder:
        yield Path(folder)


@pytest.fixture(scope="session")
def environment(workshop: Path) -> Environment:
    return Environments(workshop, Processes()).of(["matplotlib==3.10.8"], sql=True)


@pytest.fixture
def place(workshop: Path) -> Iterator[Path]:
    """A folder with ``posts`` and ``home``, for one run."""
    with TemporaryDirectory(dir=workshop) as folder:
        (Path(folder) / "posts").mkdir()
        (Path(folder) / "home").mkdir()
        yield Path(folder)


@pytest.fixture
def processes() -> Processes:
    return Processes()


def code(language: str, sources: tuple[str, ...]) -> list[WrittenCode]:
    return [WrittenCode(language, source, True) for source in sources]


def text_of(outputs: list[dict[str, Any]]) -> str:
    """What a cell printed, and its result."""
    return "".join(o.get("text") or o["data"]["text/plain"] for o in outputs)


class Folder:
    """A folder of dataset folders, with one dataset."""

    def __init__(self, root: Path) -> None:
        self.root = root
        self.dataset = root / "rain"
        (self.dataset / "data").mkdir(parents=True)
        (self.dataset / "posts").mkdir()
        self.csv = self.dataset / "data" / "rain.csv"
        self.csv.write_text(RAIN)
        columns = [{"name": name, "type": type_} for name, type_ in COLUMNS.items()]
        written = {
            "title": "Rain in Kenya",
            "summary": "Millimetres of rain a year at two stations",
            "description": "How much rain fell at each of two stations, by the year it fell in.",
            "license": "CC0-1.0",
            "tables": [{"name": "rain", "file": "data/rain.csv", "columns": columns}],
        }
        (self.dataset / "dataset.yaml").write_text(yaml.safe_dump(written))

    def post(self, name: str, body: str, **fields: Any) -> Path:
        """A post about the data as it is now, requiring nothing."""
        named = {"data": {"rain": self.sha256()}, "requires": []}
        path = self.dataset / "posts" / name
        path.write_bytes(markdown(body, **(named | fields)))
        return path

    def sha256(self) -> str:
        """Of the CSV file that readers would download."""
        return published_sha256(self.dataset, self.csv.read_bytes())


KNOWN: dict[bytes, str] = {}  # reading a table takes a process of its own


def published_sha256(dataset: Path, content: bytes) -> str:
    """Of the CSV that readers would download of ``content``, the one table of ``dataset``."""
    if content not in KNOWN:
        (table,) = read_package(dataset).tables
        with TemporaryDirectory() as work:
            ((_, read),) = read_tables(table, dataset / str(table.file), Path(work))
        KNOWN[content] = read.csv.sha256
    return KNOWN[content]


@pytest.fixture
def folder(tmp_path: Path) -> Folder:
    return Folder(tmp_path / "datasets")
