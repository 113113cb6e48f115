"""The posts on the starter catalog: right about their data, run, described, and fit to publish."""

import json
import re
from collections.abc import Iterator
from hashlib import sha256
from pathlib import Path
from typing import Any

import nbformat
import pytest
import yaml

from newsletter.catalog import datasets
from newsletter.catalog.data_paths import PATH
from newsletter.models.post import RunStatus
from newsletter.posts.reading import forms
from newsletter.posts.reading.parsed_post import Written
from newsletter.posts.run_record import path_beside, read_record
from tests.datasets.conftest import Starter
from tests.datasets.starter import CATALOG, SLUGS

POSTS = sorted(path for form in ("md", "ipynb") for path in CATALOG.glob(f"*/posts/*.{form}"))
NOTEBOOKS = [path for path in POSTS if path.suffix == ".ipynb"]
LARGEST = 150_000  # bytes of a file in git
LEAST_ALT = 60  # characters that say what one sees
NAME = re.compile(r"0[1-4]-[a-z0-9]+(-[a-z0-9]+)*")  # 01 is Tuesday's, 04 Friday's
OF_A_MACHINE = re.compile(
    r"/(?:home|root|tmp|Users|var|opt|usr)/|[A-Z]:\\\\|ipykernel_\d|site-packages"
)


def name_of(path: Path) -> str:
    return f"{path.parents[1].name}/{path.name}"


every_post = pytest.mark.parametrize("path", POSTS, ids=name_of)
every_notebook = pytest.mark.parametrize("path", NOTEBOOKS, ids=name_of)


def read(path: Path) -> Written:
    return forms.read(path.name, path.read_bytes())


def outputs_of(path: Path) -> Iterator[tuple[str, str, list[dict[str, Any]]]]:
    """Of each cell that runs: its source, its alt text, and the outputs that readers see."""
    written = read(path)
    record = read_record(path_beside(path))
    assert record is not None
    for at, cell in enumerate(written.run_cells):
        shown = list(cell.outputs) if written.form == "ipynb" else record.outputs[at]
        yield cell.source, cell.alt, shown


def figures_in(outputs: list[dict[str, Any]]) -> int:
    return sum("image/png" in output.get("data", {}) for output in outputs)


def test_each_dataset_has_two_posts(slug: str) -> None:
    assert len([path for path in POSTS if path.parents[1].name == slug]) >= 2


def test_six_are_notebooks() -> None:
    assert len(NOTEBOOKS) >= 6


def test_together_they_speak_the_languages_and_draw() -> None:
    written = [read(path) for path in POSTS]
    required = {line.split("==")[0] for post in written for line in post.front.requires}
    assert {post.front.language for post in written} == {"sql", "python", "r"}
    assert required >= {"duckdb", "pandas", "polars", "matplotlib", "altair", "readr"}
    drawing = {
        path.parents[1].name for path in POSTS if any(map(figures_of_cell, outputs_of(path)))
    }
    assert drawing == set(SLUGS)


def figures_of_cell(cell: tuple[str, str, list[dict[str, Any]]]) -> int:
    return figures_in(cell[2])


def test_they_need_few_environments() -> None:
    fronts = [read(path).front for path in POSTS]
    assert len({frozenset(f.requires) for f in fronts if f.language != "r"}) <= 4


@every_post
def test_it_says_what_it_is(path: Path) -> None:
    front = read(path).front
    package = yaml.safe_load((path.parents[1] / "dataset.yaml").read_text("utf-8"))
    assert front.question.endswith("?")
    assert front.author == "Dataset Daily"
    assert front.version == package["version"]
    assert NAME.fullmatch(path.stem)


@every_post
def test_its_checksums_are_those_of_the_published_tables(path: Path, starter: Starter) -> None:
    with starter.installation.db.read() as session:
        version = datasets.published(session, path.parents[1].name)
        published = {table.name: table.files["csv"]["sha256"] for table in version.tables}
    named = read(path).front.data
    assert named == {table: published[table] for table in named}


@every_post
def test_it_reads_the_tables_that_it_names_and_no_others(path: Path) -> None:
    written = read(path)
    package = yaml.safe_load((path.parents[1] / "dataset.yaml").read_text("utf-8"))
    tables = {Path(table["file"]).name: table["name"] for table in package["tables"]}
    code = "\n".join(cell.source for cell in written.run_cells)
    assert {tables[file] for file in PATH.findall(code)} == set(written.front.data)
    assert not re.search(r"https?://", code)


@every_post
def test_each_figure_has_an_alt_text_that_says_what_one_sees(path: Path) -> None:
    for source, alt, outputs in outputs_of(path):
        if figures_in(outputs):
            assert len(alt) >= LEAST_ALT, source
        else:
            assert not alt, source


@every_post
def test_it_ran_as_it_stands_on_the_data_that_it_names(path: Path) -> None:
    record = read_record(path_beside(path))
    assert record is not None
    assert (record.status, record.error) == (RunStatus.RAN, "")
    assert record.source == sha256(path.read_bytes()).hexdigest()
    assert record.data == read(path).front.data


@every_post
def test_every_cell_went_through(path: Path) -> None:
    shown = [output for *_, outputs in outputs_of(path) for output in outputs]
    assert shown
    assert not [o for o in shown if o["output_type"] == "error" or o.get("name") == "stderr"]


@every_post
def test_it_tells_nothing_of_the_machine_that_it_was_written_on(path: Path) -> None:
    for file in (path, path_beside(path)):
        # A picture in base64 may hold anything.
        text = re.sub(r'"image/png": "[^"]*"', "", file.read_text("utf-8"))
        assert not OF_A_MACHINE.search(text)


@every_post
def test_it_is_small(path: Path) -> None:
    assert path.stat().st_size < LARGEST
    if path.suffix == ".md":  # what readers are shown; a notebook has its own
        assert path_beside(path).stat().st_size < LARGEST
    assert len(read(path).run_cells) <= 9


@every_notebook
def test_a_notebook_was_run_from_top_to_bottom(path: Path) -> None:
    cells = [c for c in json.loads(path.read_text("utf-8"))["cells"] if c["cell_type"] == "code"]
    assert [cell["execution_count"] for cell in cells] == list(range(1, len(cells) + 1))


@every_notebook
def test_a_notebook_is_of_the_format_and_has_ids(path: Path) -> None:
    content = json.loads(path.read_text("utf-8"))
    assert (content["nbformat"], content["nbformat_minor"]) == (4, 5)
    nbformat.validate(content)
    ids = [cell["id"] for cell in content["cells"]]
    assert len(set(ids)) == len(ids)


def test_the_wheel_carries_them() -> None:
    project = (CATALOG.parent / "pyproject.toml").read_text("utf-8")
    assert 'datasets = "newsletter/_datasets"' in project
