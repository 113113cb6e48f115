"""Markdown and notebooks become the same cells, or are refused with one sentence."""

import json
from typing import Any

import pytest

from newsletter.errors import UnreadablePost
from newsletter.posts.front_matter import from_mapping
from newsletter.posts.reading import forms, notebook
from newsletter.posts.reading.parsed_post import Written, WrittenCode, WrittenProse
from tests.posts import written
from tests.posts.written import code, display, prose

BODY = """\
Read it.

```python
# alt: Bars of three species.
print(1)
```

- in a list
  ```python
  shown = True
  ```

```sql
SELECT 1
```
```python no-run
install()
```
```
plain
```
The end.
"""


def read(name: str, content: bytes) -> Written:
    return forms.read(name, content)


def refused(name: str, content: bytes) -> str:
    with pytest.raises(UnreadablePost) as error:
        read(name, content)
    return str(error.value)


def test_markdown_is_prose_and_fences() -> None:
    cells = read("a.md", written.markdown(BODY)).cells
    assert cells == (
        WrittenProse("Read it."),
        WrittenCode(
            "python",
            "# alt: Bars of three species.\nprint(1)",
            True,
            "Bars of three species.",
        ),
        WrittenProse("- in a list\n  ```python\n  shown = True\n  ```"),
        WrittenCode("sql", "SELECT 1", True),
        WrittenCode("python", "install()", False),
        WrittenCode("text", "plain", False),
        WrittenProse("The end."),
    )


def test_what_is_run_is_in_order() -> None:
    post = read("a.md", written.markdown(BODY))
    assert [cell.language for cell in post.run_cells] == ["python", "sql"]


def test_lines_may_end_as_on_windows() -> None:
    content = written.markdown(BODY)
    assert read("a.md", content.replace(b"\n", b"\r\n")) == read("a.md", content)


@pytest.mark.parametrize(("language", "fence"), [("python", "r"), ("r", "python"), ("r", "sql")])
def test_r_runs_by_itself(language: str, fence: str) -> None:
    body = f"```{fence}\n1\n```\n"
    content = written.markdown(body, language=language, requires=[])
    assert f"A cell is {fence} and the post is {language}" in refused("a.md", content)
    shown = written.markdown(body.replace(fence, f"{fence} no-run"), language=language, requires=[])
    assert read("a.md", shown).run_cells == []


def test_a_notebook_is_its_cells_and_their_outputs() -> None:
    output = display({"text/plain": "1"})
    content = written.notebook(
        prose("# Hello"),
        code("plot()", output, alt="A  line\nthat rises."),
        code("# alt: Of the comment.\n1\n"),
        code("", output),
        code("install()", tags=["no-run"]),
    )
    cells = read("a.ipynb", content).cells
    assert cells[0] == WrittenProse("# Hello")
    assert cells[1] == WrittenCode("python", "plot()", True, "A line that rises.", (output,))
    assert cells[2] == WrittenCode("python", "# alt: Of the comment.\n1", True, "Of the comment.")
    assert cells[3] == WrittenCode("python", "install()", False)


def test_a_notebook_of_format_3_is_brought_up() -> None:
    cell = {"cell_type": "code", "input": ["1 +", " 1"], "outputs": [], "language": "python"}
    old = {
        "nbformat": 3,
        "nbformat_minor": 0,
        "metadata": {"name": ""},
        "worksheets": [
            {
                "cells": [
                    {"cell_type": "raw", "source": written.block(), "metadata": {}},
                    cell | {"collapsed": False, "metadata": {}},
                ],
                "metadata": {},
            }
        ],
    }
    assert read("a.ipynb", json.dumps(old).encode()).run_cells[0].source == "1 + 1"


def many(count: int) -> bytes:
    return written.notebook(*(code(f"{at}") for at in range(count)))


@pytest.mark.parametrize(
    ("content", "sentence"),
    [
        (b"", "is not a Jupyter notebook"),
        (b"\x89PNG\r\n\x1a\n" * 9, "is not a Jupyter notebook"),
        (written.notebook(code("1"))[:-9], "is not a Jupyter notebook"),
        (b"[]", "is not a Jupyter notebook"),
        (b'{"nbformat": "x", "cells": 5}', "is not a Jupyter notebook"),
        (b'{"nbformat": 99, "cells": []}', "is not a Jupyter notebook"),
        (written.notebook(code("1") | {"made_up": 1}), "breaks the notebook format"),
        (b'{"nbformat": 4, "n": ' + b"9" * 9999 + b"}", "is not a Jupyter notebook"),
        (b"[" * 500_000, "nested too deeply"),
        (b'{"nbformat":4,"cells":' + b"[" * 900 + b"]" * 900 + b"}", "nested too deeply"),
        (many(10_000), "10,001 cells and 500 are the most"),
        (written.notebook().replace(b'"raw"', b'"markdown"'), "make its first cell a raw one"),
        (written.notebook().replace(b"---", b"***"), "has no front matter"),
        (written.notebook(title="Why?"), "title: at least 5 characters"),
        (b" " * (20 * 1024 * 1024 + 1), "The post is over 20 MB"),
    ],
)
def test_what_is_no_notebook_is_refused_with_one_sentence(content: bytes, sentence: str) -> None:
    said = refused("a.ipynb", content)
    assert sentence in said
    assert "\n" not in said
    assert len(said) < 250


@pytest.mark.parametrize("name", ["a.txt", "md", "a.ipynb.exe", ""])
def test_a_file_of_another_kind_is_no_post(name: str) -> None:
    assert "give Markdown (.md) or a notebook (.ipynb)" in refused(name, b"x")


def test_markdown_that_is_no_text_is_refused() -> None:
    assert "save it as UTF-8" in refused("a.md", b"---\n\xff\xfe---\n")


FRONT = from_mapping(written.front(title="What the curator typed"))


@pytest.mark.parametrize("content", [b"```python\n1\n```\n", written.markdown("```python\n1\n```")])
def test_markdown_is_kept_under_the_front_matter_that_was_given(content: bytes) -> None:
    rewritten = read("a.md", forms.with_front_matter("a.md", content, FRONT))
    assert rewritten == forms.read("a.md", content, FRONT)
    assert rewritten.front == FRONT
    assert rewritten.run_cells == [WrittenCode("python", "1", True)]


def bare(*cells: dict[str, Any]) -> bytes:
    whole = json.loads(written.notebook(*cells))
    return json.dumps(whole | {"cells": whole["cells"][1:]}).encode()


@pytest.mark.parametrize("content", [bare(code("1")), written.notebook(code("1"))])
def test_a_notebook_is_kept_under_the_front_matter_that_was_given(content: bytes) -> None:
    again = forms.with_front_matter("a.ipynb", content, FRONT)
    assert len(json.loads(again)["cells"]) == 2
    assert notebook.read(again).front == FRONT
    assert notebook.read(again).run_cells == [WrittenCode("python", "1", True)]
