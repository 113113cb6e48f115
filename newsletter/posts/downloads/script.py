"""A post as a script: its code in order, its prose in comments between.

A Python script names what it requires as uv and pipx read it (PEP 723), and is parted into
cells as Jupyter, Spyder and VS Code know them (``# %%``).
"""

import ast
import json
import re
from typing import TypeGuard

from newsletter.posts.cells import Cell, Code, Prose
from newsletter.posts.downloads.work import Work
from newsletter.storage import Storage

MAGIC = re.compile(r"[ \t]*[%!?]")
SHOWN = re.compile(r"(?<![\w.])display\(")
NOTEBOOKS_DISPLAY = """\
try:
    display
except NameError:  # this is no notebook
    display = print
"""


def python_script(work: Work, _storage: Storage) -> str:
    parts = [_requirements(work), _comment(work.heading, "#")]
    if any(_is_run(cell, "python") and SHOWN.search(cell.source) for cell in work.cells):
        parts.append(NOTEBOOKS_DISPLAY)
    if any(_is_run(cell, "sql") for cell in work.cells):
        parts.append("import duckdb\n")
    for cell in work.cells:
        if isinstance(cell, Prose):
            parts.append("# %% [markdown]\n" + _comment(cell.markdown.splitlines(), "#"))
        elif _is_run(cell, "python"):
            parts.append("# %%\n" + _without_magics(cell.source))
        elif _is_run(cell, "sql"):
            parts.append(f"# %%\nprint({sql_in_python(cell.source)})\n")
        else:
            parts.append(_comment(cell.source.splitlines(), "#"))
    return _file(parts)


def sql_script(work: Work, _storage: Storage) -> str:
    """For the command line of DuckDB: ``duckdb < file.sql``."""
    parts = [_comment(work.heading, "--")]
    for cell in work.cells:
        if _is_run(cell, "sql"):
            statement = cell.source.strip()
            parts.append(statement + ("\n" if _is_ended(statement) else "\n;\n"))
        else:
            text = cell.markdown if isinstance(cell, Prose) else cell.source
            parts.append(_comment(text.splitlines(), "--"))
    return _file(parts)


def r_script(work: Work, _storage: Storage) -> str:
    parts = [_comment(work.heading, "#")]
    for cell in work.cells:
        if _is_run(cell, "r"):
            parts.append(cell.source.strip() + "\n")
        else:
            text = cell.markdown if isinstance(cell, Prose) else cell.source
            parts.append(_comment(text.splitlines(), "#"))
    return _file(parts)


def sql_in_python(source: str) -> str:
    """A cell of SQL as an expression of Python: the relation that its last statement is."""
    text = source.strip()
    if '"""' in text or "\\" in text or text.endswith('"'):
        return f"duckdb.sql({text!r})"
    return f'duckdb.sql("""\n{text}\n""")'


def _is_run(cell: Cell, language: str) -> TypeGuard[Code]:
    return isinstance(cell, Code) and cell.runs and cell.language == language


def _requirements(work: Work) -> str:
    """Inline metadata (PEP 723): TOML, whose strings are written as JSON's are."""
    lines = ["/// script"]
    if work.python:
        lines.append(f"requires-python = {json.dumps(f'>={work.python}')}")
    lines += [
        "dependencies = [",
        *(f"  {json.dumps(requirement)}," for requirement in work.post.requires),
        "]",
    ]
    return _comment([*lines, "///"], "#")


def _without_magics(source: str) -> str:
    """``source`` with what IPython alone understands made a comment."""
    text = source.strip() + "\n"
    try:
        ast.parse(text)
    except (SyntaxError, ValueError):
        lines = [f"# {line}" if MAGIC.match(line) else line for line in text.split("\n")]
        return "\n".join(lines)
    return text


def _is_ended(statement: str) -> bool:
    """Whether it ends in a semicolon, of which it is sure that it is not in a comment."""
    return statement.endswith(";") and "--" not in statement.splitlines()[-1]


def _comment(lines: list[str], mark: str) -> str:
    return "".join(f"{mark} {line}".rstrip() + "\n" for line in lines)


def _file(parts: list[str]) -> str:
    text = "\n".join(part for part in parts if part.strip())
    return text.replace("\0", "\N{REPLACEMENT CHARACTER}")  # which ends a program for some
