"""A post as a Jupyter notebook (nbformat 4.5) with what it put out: made, not the one brought.

Its outputs are what readers are shown: text, tables of escaped cells, pictures. What
SQL it has is run by DuckDB from Python, so it needs no kernel of its own.
"""

import base64
import json
from typing import Any

from markupsafe import escape

from newsletter.posts.cells import (
    Code,
    Error,
    Figure,
    Html,
    Note,
    Output,
    Prose,
    Table,
    Text,
)
from newsletter.posts.downloads.script import sql_in_python
from newsletter.posts.downloads.work import Work
from newsletter.posts.languages import BY_NAME
from newsletter.storage import Storage


def notebook_file(work: Work, storage: Storage) -> str:
    """The notebook as JSON text."""
    post = work.post
    name, label, language = BY_NAME[post.language].kernel
    cells = [_markdown(_heading(work)), *_requirements(work)]
    for cell in work.cells:
        if isinstance(cell, Prose):
            cells.append(_markdown(cell.markdown))
        elif not cell.runs or (cell.language == "r") != (post.language == "r"):
            cells.append(_markdown(f"```{cell.language}\n{cell.source}\n```"))
        else:
            outputs = [_output(output, storage) for output in cell.outputs]
            cells.append(_code(_source(cell), outputs))
    for number, made in enumerate(cells, 1):
        made["id"] = f"cell-{number}"
    notebook = {
        "cells": cells,
        "metadata": {
            "kernelspec": {"name": name, "display_name": label, "language": language},
            "language_info": {"name": language},
            "title": post.title,
            "authors": [{"name": post.author}],
        },
        "nbformat": 4,
        "nbformat_minor": 5,
    }
    return json.dumps(notebook, indent=1, ensure_ascii=False) + "\n"


def _heading(work: Work) -> str:
    title, question, *rest = (_as_text(line) for line in work.heading)
    return "\n\n".join([f"# {title}", f"**{question}**", "  \n".join(rest)])


def _as_text(line: str) -> str:
    """``line`` as Markdown that shows just it."""
    return "".join(f"\\{sign}" if sign in "\\`*_[]<>#&" else sign for sign in line)


def _requirements(work: Work) -> list[dict[str, Any]]:
    """A cell that says which versions it ran with, without installing them."""
    requires = " ".join(work.post.requires)
    if not requires:
        return []
    if work.post.language == "r":
        return [_code(f"# It needs: {requires}", [])]
    return [_code(f"# The versions that it was written for:\n# %pip install {requires}", [])]


def _source(cell: Code) -> str:
    if cell.language == "sql":
        return f"import duckdb\n\n{sql_in_python(cell.source)}"
    return cell.source


def _markdown(text: str) -> dict[str, Any]:
    return {"cell_type": "markdown", "metadata": {}, "source": text}


def _code(source: str, outputs: list[dict[str, Any]]) -> dict[str, Any]:
    return {
        "cell_type": "code",
        "metadata": {},
        "execution_count": None,
        "source": source,
        "outputs": outputs,
    }


def _output(output: Output, storage: Storage) -> dict[str, Any]:
    match output:
        case Text():
            return {"output_type": "stream", "name": "stdout", "text": f"{output.text}\n"}
        case Error():
            lines = output.text.splitlines()
            last = lines[-1] if lines else "Error"
            name, _, value = last.partition(":")
            return {
                "output_type": "error",
                "ename": name,
                "evalue": value.strip(),
                "traceback": lines,
            }
        case Table():
            return _shown({"text/html": _table(output), "text/plain": _plain(output)})
        case Prose():
            return _shown({"text/markdown": output.markdown, "text/plain": output.markdown})
        case Html():
            return _shown({"text/html": output.html, "text/plain": ""})
        case Note():
            return _shown({"text/plain": output.text})
        case Figure():
            with storage.open(output.key) as file:
                png = base64.b64encode(file.read()).decode()
            return _shown({"image/png": png, "text/plain": output.alt})


def _shown(data: dict[str, str]) -> dict[str, Any]:
    return {"output_type": "display_data", "metadata": {}, "data": data}


def _table(table: Table) -> str:
    def row(cells: tuple[str, ...], tag: str) -> str:
        return "<tr>" + "".join(f"<{tag}>{escape(cell)}</{tag}>" for cell in cells) + "</tr>"

    head = f"<thead>{row(table.header, 'th')}</thead>" if table.header else ""
    body = "".join(row(cells, "td") for cells in table.rows)
    return f"<table>{head}<tbody>{body}</tbody></table>"


def _plain(table: Table) -> str:
    return "\n".join("\t".join(cells) for cells in (table.header, *table.rows))
