"""Notebooks and Markdown that readers take away: well-formed, and of safe parts alone."""

import base64
import json
from typing import Any

import nbformat
import pytest
import yaml
from bs4 import BeautifulSoup

from newsletter.installation import Installation
from newsletter.posts import front_matter
from newsletter.posts.cells import Cell, Code, Error, Figure, Html, Note, Prose, Table, Text
from newsletter.posts.downloads.files import download
from tests import factories
from tests.markup import one

BASE = "https://news.example.org"
SCRIPT = "<script>alert(1)</script>"


def taken(installation: Installation, suffix: str, *cells: Cell, **more: Any) -> str:
    with installation.db.write() as session:
        version = factories.dataset(session, installation.storage)
        post = factories.post(session, version, cells=cells, **more)
        return download(post, suffix, BASE, installation.storage)[1]


@pytest.mark.parametrize("language", ["python", "sql", "r"])
def test_a_notebook_is_valid_and_says_its_kernel(installation: Installation, language: str) -> None:
    cells = (*factories.CELLS, Code(language, "1", True, (Text("1"), Error("E: no"), Note("n"))))
    text = taken(installation, "ipynb", *cells, language=language)
    notebook = nbformat.reads(text, as_version=4)
    nbformat.validate(notebook, relax_add_props=False)
    kernel = {"python": "python3", "sql": "python3", "r": "ir"}[language]
    assert notebook.metadata.kernelspec.name == kernel


def test_its_code_reads_from_addresses_and_keeps_what_it_put_out(
    installation: Installation,
) -> None:
    key = factories.store(installation.storage, factories.png(), ".png")
    drawn = Code("python", "plot()", True, (Figure(key, 60, 40, "A white picture"),))
    text = taken(installation, "ipynb", *factories.CELLS, drawn)
    code = [cell for cell in json.loads(text)["cells"] if cell["cell_type"] == "code"]
    assert code[0]["source"].endswith("# %pip install pandas==2.3.3")
    assert f'read_csv("{BASE}/datasets/penguins/v/1.0.0/penguins.csv")' in code[1]["source"]
    table = BeautifulSoup(code[1]["outputs"][0]["data"]["text/html"], "html.parser")
    assert [cell.text for cell in table.select("td")] == ["Adelie", "39.3", "Gentoo", "48.1"]
    picture = code[2]["outputs"][0]["data"]
    assert base64.b64decode(picture["image/png"]) == factories.png()
    assert picture["text/plain"] == "A white picture"


def test_sql_runs_without_a_kernel_of_its_own(installation: Installation) -> None:
    text = taken(installation, "ipynb", Code("sql", "SELECT 42 AS answer", True), language="sql")
    sources = [cell["source"] for cell in json.loads(text)["cells"]]
    assert sources[-1] == 'import duckdb\n\nduckdb.sql("""\nSELECT 42 AS answer\n""")'


def test_what_is_only_shown_is_not_code(installation: Installation) -> None:
    cells = (Code("bash", "rm -rf /", False), Code("r", "quit()", True))
    last = json.loads(taken(installation, "ipynb", *cells))["cells"][-2:]
    assert [cell["cell_type"] for cell in last] == ["markdown", "markdown"]
    assert last[0]["source"] == "```bash\nrm -rf /\n```"


def test_no_markup_of_a_cell_or_a_name_is_live(installation: Installation) -> None:
    outputs = (Table((SCRIPT,), ((SCRIPT,),), SCRIPT), Html("<p>kept</p>"), Text(SCRIPT))
    text = taken(installation, "ipynb", Code("python", "1", True, outputs), title=SCRIPT,
                 question=SCRIPT, author=SCRIPT)  # fmt: skip
    cells = json.loads(text)["cells"]
    assert SCRIPT not in cells[0]["source"]
    assert "\\<script" in cells[0]["source"]
    shown = [output["data"]["text/html"] for output in cells[-1]["outputs"] if "data" in output]
    assert not any(BeautifulSoup(html, "html.parser").script for html in shown)
    assert one(BeautifulSoup(shown[0], "html.parser"), "th").text == SCRIPT


def test_markdown_reads_back_as_the_same_post(installation: Installation) -> None:
    cells = (*factories.CELLS, Code("bash", "echo", False), Code("python", "'''\n```\n'''", True))
    text = taken(installation, "md", *cells, author_url="https://example.org/ada")
    matter, body = front_matter.split(text)
    front = front_matter.parse(matter)
    assert (front.title, front.version, front.language) == (
        "Who is who among the penguins",
        "1.0.0",
        "python",
    )
    assert front.slug == "penguins-who-is-who"
    assert front.requires == ("pandas==2.3.3",)
    assert body.strip().startswith("The bill alone **nearly** does it.\n\n```python\nimport pandas")
    assert "```bash no-run\necho\n```" in body
    assert "````python\n'''\n```\n'''\n````" in body


def test_no_title_breaks_out_of_the_front_matter(installation: Installation) -> None:
    hostile = "x\n---\n# y: [" + SCRIPT
    text = taken(installation, "md", Prose("Words"), title=hostile)
    matter, body = front_matter.split(text)
    assert yaml.safe_load(matter)["title"] == hostile
    assert body == "\nWords\n"
