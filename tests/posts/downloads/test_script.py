"""Scripts: they run, they read from addresses, and no prose becomes code."""

import ast
import subprocess
import sys
import tomllib
from pathlib import Path
from threading import Thread
from typing import Any

import duckdb
import pytest
from werkzeug.serving import make_server

from newsletter.installation import Installation
from newsletter.models.post import Post
from newsletter.posts.cells import Cell, Code, Prose
from newsletter.posts.downloads.files import download
from newsletter.web.app import create_app
from tests import factories

BASE = "https://news.example.org"
HOSTILE = "stop\r\nimport os\x0bos.abort()\x85raise SystemExit(9)\u2028boom()\rDROP TABLE x;\x00"


def written(installation: Installation, suffix: str, *cells: Cell, **more: Any) -> str:
    """The post with these cells as a file."""
    with installation.db.write() as session:
        version = factories.dataset(session, installation.storage)
        post = factories.post(session, version, cells=cells, **more)
        return download(post, suffix, BASE, installation.storage)[1]


def test_a_script_says_what_it_requires_as_its_runners_read_it(
    installation: Installation,
) -> None:
    text = written(installation, "py", Code("python", "pass", True))
    lines = [line.removeprefix("#").removeprefix(" ") for line in text.splitlines()]
    block = lines[lines.index("/// script") + 1 : lines.index("///")]
    assert tomllib.loads("\n".join(block)) == {
        "requires-python": ">=3.12",
        "dependencies": ["pandas==2.3.3"],
    }
    assert "# By Ada Example. Licence: MIT." in text
    assert "# From https://news.example.org/posts/penguins-who-is-who" in text


def test_the_cells_stand_in_order_as_editors_know_them(installation: Installation) -> None:
    text = written(
        installation,
        "py",
        Prose("First\n\nthis"),
        Code("python", "a = 1\n", True),
        Code("python", "never()", False),
        Code("bash", "rm -rf /", False),
    )
    assert text.endswith(
        "# %% [markdown]\n# First\n#\n# this\n\n# %%\na = 1\n\n# never()\n\n# rm -rf /\n"
    )


@pytest.mark.parametrize("suffix", ["py", "sql", "R"])
def test_no_prose_and_no_name_becomes_code(installation: Installation, suffix: str) -> None:
    language = {"py": "python", "sql": "sql", "R": "r"}[suffix]
    text = written(
        installation,
        suffix,
        Prose(HOSTILE),
        Code("bash", HOSTILE, False),
        language=language,
        title=HOSTILE,
        question=HOSTILE,
        author=HOSTILE,
        requires=[HOSTILE],
    )
    mark = "--" if suffix == "sql" else "#"
    assert [line for line in text.splitlines() if line and not line.startswith(mark)] == []
    assert "\0" not in text
    if suffix == "py":
        assert ast.parse(text).body == []
    if suffix == "sql":
        assert duckdb.extract_statements(text) == []


def test_what_a_notebook_alone_understands_is_a_comment(installation: Installation) -> None:
    source = "%matplotlib inline\n!ls\nvalue = 7 \\\n  % 4\nprint(value)"
    text = written(installation, "py", Code("python", source, True))
    assert "# %matplotlib inline\n# !ls\n" in text
    fine = 'value = (7\n  % 4)\ntext = """\n!not me\n"""'
    assert fine in written_again(installation, fine)


def written_again(installation: Installation, source: str) -> str:
    with installation.db.read() as session:
        post = session.query(Post).one()
        post.cells = [{"kind": "code", "language": "python", "source": source, "runs": True,
                       "outputs": []}]  # fmt: skip
        return download(post, "py", BASE, installation.storage)[1]


def test_sql_is_ended_by_a_semicolon_each(installation: Installation) -> None:
    text = written(
        installation,
        "sql",
        Code("sql", "SELECT 1", True),
        Prose("then"),
        Code("sql", "SELECT 2; -- two;", True),
        Code("sql", "SELECT 3;", True),
        language="sql",
    )
    with duckdb.connect() as connection:
        statements = duckdb.extract_statements(text)
        assert [connection.execute(s).fetchall() for s in statements] == [[(1,)], [(2,)], [(3,)]]


@pytest.mark.parametrize("source", ['SELECT \'a\\n"""\'', 'SELECT 1 AS "x"', "SELECT 'é'"])
def test_sql_within_python_is_the_same_sql(installation: Installation, source: str) -> None:
    text = written(installation, "py", Code("sql", source, True))
    said: list[object] = []
    exec(text, {"print": lambda relation: said.append(relation.fetchall())})
    assert said == [duckdb.execute(source).fetchall()]


def test_a_script_taken_from_a_site_runs_as_it_is(
    installation: Installation, tmp_path: Path
) -> None:
    """In a process of its own, in an empty folder, against a live server."""
    app = create_app(installation)
    server = make_server("127.0.0.1", 0, app, threaded=True)
    thread = Thread(target=server.serve_forever)
    thread.start()
    try:
        cells = (*factories.CELLS, Code("python", 'display("shown")', True))
        with installation.db.write() as session:
            version = factories.dataset(session, installation.storage)
            post = factories.post(session, version, cells=cells)
            base = f"http://127.0.0.1:{server.port}"
            text = download(post, "py", base, installation.storage)[1]
        script = Path(tmp_path, "post.py")
        script.write_text(text, encoding="utf-8")
        ran = subprocess.run(
            [sys.executable, "-I", script],
            cwd=tmp_path,
            capture_output=True,
            text=True,
            timeout=300,
        )
    finally:
        server.shutdown()
        thread.join()
        server.server_close()
    assert ran.returncode == 0, ran.stderr
    assert [line.split() for line in ran.stdout.splitlines()] == [
        ["species"],
        ["Adelie", "39.3"],
        ["Chinstrap", "46.5"],
        ["Gentoo", "48.0"],
        ["Name:", "bill_mm,", "dtype:", "float64"],
        ["shown"],
    ]
