"""A post as a Jupyter notebook: front matter in a raw cell, then its cells with outputs.

Read by nbformat's schema (older formats are brought up to version 4). What a notebook
holds may be anything: its outputs are made safe by posts.outputs, never here.
"""

import json
import warnings
from collections.abc import Iterator, Mapping
from typing import Any

import nbformat
from nbformat.validator import NotebookValidationError, normalize

from newsletter.errors import UnreadablePost
from newsletter.posts import front_matter
from newsletter.posts.front_matter import FrontMatter
from newsletter.posts.reading.parsed_post import (
    MAX_ALT,
    MAX_CELLS,
    Written,
    WrittenCell,
    WrittenCode,
    WrittenProse,
    alt_in,
    check_languages,
)

NO_RUN = "no-run"  # a tag
NO_NOTEBOOK = "The file is not a Jupyter notebook: save it again as .ipynb."
Notebook = dict[str, Any]


def read(content: bytes, given: FrontMatter | None = None) -> Written:
    """The post that the notebook ``content`` is, under the front matter that was ``given``
    or its own. Raises UnreadablePost with one sentence."""
    cells = _load(content)["cells"]
    if given is None:
        if not cells or cells[0]["cell_type"] != "raw":
            raise UnreadablePost(
                "The notebook has no front matter: make its first cell a raw one with a line "
                "---, the fields, and a line ---."
            )
        yaml, _ = front_matter.split(_joined(cells[0]["source"]))
        front = front_matter.parse(yaml)
    else:
        front = given
    read_cells = tuple(_cells(cells, front.language))
    check_languages(front, read_cells)
    return Written(front, "ipynb", read_cells)


def with_front_matter(content: bytes, front: FrontMatter) -> bytes:
    """The notebook ``content`` under ``front``, which takes the place of its own."""
    notebook = _load(content)
    if notebook["cells"] and _is_front_matter(notebook["cells"][0]):
        del notebook["cells"][0]
    raw = nbformat.v4.new_raw_cell(front_matter.block(front))
    notebook["cells"].insert(0, dict(raw))
    return json.dumps(notebook, ensure_ascii=True, indent=1).encode()


def _load(content: bytes) -> Notebook:
    """The notebook, of format 4 and valid. Raises UnreadablePost."""
    try:
        notebook = json.loads(content)
    except RecursionError as error:
        raise UnreadablePost("The notebook is nested too deeply: save it again.") from error
    except ValueError as error:  # also bytes that are no text, and numbers without end
        raise UnreadablePost(NO_NOTEBOOK) from error
    if not isinstance(notebook, dict):
        raise UnreadablePost(NO_NOTEBOOK)
    _check_count(notebook)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # of cells without an id, which get one
        try:
            return _valid(notebook)
        except NotebookValidationError as error:
            raise UnreadablePost(
                f"The notebook breaks the notebook format ({_short(error.message)}): save it again."
            ) from error
        except RecursionError as error:
            raise UnreadablePost("The notebook is nested too deeply: save it again.") from error
        except Exception as error:
            # What nbformat's conversions stumble on is of many kinds.
            raise UnreadablePost(NO_NOTEBOOK) from error


def _valid(notebook: Notebook) -> Notebook:
    if notebook.get("nbformat") != 4:
        notebook = nbformat.convert(nbformat.from_dict(notebook), 4)
        _check_count(notebook)
    _, valid = normalize(notebook)
    nbformat.validate(valid)
    return dict(valid)


def _check_count(notebook: Mapping[str, Any]) -> None:
    cells = notebook.get("cells", [])
    if isinstance(cells, list) and len(cells) > MAX_CELLS:
        raise UnreadablePost(
            f"The notebook has {len(cells):,} cells and {MAX_CELLS} are the most: split it."
        )


def _cells(cells: list[Any], language: str) -> Iterator[WrittenCell]:
    for cell in cells:
        source = _joined(cell["source"])
        if cell["cell_type"] == "markdown" and source.strip():
            yield WrittenProse(source.strip())
        elif cell["cell_type"] == "code" and source.strip():
            yield WrittenCode(
                language,
                source.rstrip("\n"),
                runs=NO_RUN not in cell["metadata"].get("tags", []),
                alt=_alt(cell, source),
                outputs=tuple(cell["outputs"]),
            )


def _is_front_matter(cell: Mapping[str, Any]) -> bool:
    return cell["cell_type"] == "raw" and bool(front_matter.BLOCK.match(_joined(cell["source"])))


def _alt(cell: Mapping[str, Any], source: str) -> str:
    alt = cell["metadata"].get("alt")
    return " ".join(alt.split())[:MAX_ALT] if isinstance(alt, str) else alt_in(source)


def _joined(text: str | list[str]) -> str:
    """nbformat's multiline string."""
    return text if isinstance(text, str) else "".join(text)


def _short(message: str) -> str:
    line = " ".join(message.split())
    return line if len(line) <= 120 else f"{line[:119]}…"
