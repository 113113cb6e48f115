import base64
import time
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from PIL import Image

from newsletter.posts.running import kernel
from newsletter.posts.running.environment import Environment
from newsletter.posts.running.limits import Processes, RunLimits
from newsletter.posts.running.result import Broken, Result
from tests.posts.running.conftest import GENEROUS, SEEN, Run, code, text_of
from tests.waiting import wait_until_ended

pytestmark = pytest.mark.xdist_group("posts run")


@pytest.fixture
def run(environment: Environment, place: Path, processes: Processes) -> Run:
    def run(*sources: str, sql: bool = False, limits: RunLimits = GENEROUS) -> Result:
        cells = code("sql" if sql else "python", sources)
        rest = (place / "posts", place / "home", limits, processes)
        return kernel.run_cells(cells, environment, *rest)

    return run


def test_cells_share_what_they_make_and_show_it_in_order(run: Run) -> None:
    result = run("x = 20\nprint('first')\nx + 1", "x * 2", "x = 1")
    assert [text_of(outputs) for outputs in result.outputs] == ["first\n21", "40", ""]
    assert result.error == ""
    assert set(result.versions) == {"python", "duckdb", "matplotlib"}
    assert result.versions["matplotlib"] == "3.10.8"


def test_it_ends_at_the_cell_that_fails_and_says_why(run: Run) -> None:
    result = run("1", "1 / 0", "print('not reached')")
    assert result.error.splitlines()[-1] == "ZeroDivisionError: division by zero"
    assert "\x1b" not in result.error
    shown, failed, not_reached = result.outputs
    assert (len(shown), not_reached) == (1, [])
    assert failed[-1]["ename"] == "ZeroDivisionError"


def test_a_figure_is_drawn_at_twice_the_size_that_it_is_shown_in(run: Run, tmp_path: Path) -> None:
    drawn = run("import matplotlib.pyplot as plt\nplt.figure(figsize=(4, 3)).add_subplot()\n1;")
    assert drawn.error == ""
    (figure,) = [output for output in drawn.outputs[0] if "image/png" in output.get("data", {})]
    (tmp_path / "figure.png").write_bytes(base64.b64decode(figure["data"]["image/png"]))
    with Image.open(tmp_path / "figure.png") as image:
        size = figure["metadata"]["image/png"]
        assert abs(image.width - 2 * size["width"]) <= 1
        assert image.width > 600
    assert not [output for output in drawn.outputs[0] if output["output_type"] == "stream"]


def test_code_sees_nothing_of_ours(run: Run, place: Path) -> None:
    result = run(
        "import os, pathlib, tempfile\n"
        "print(os.environ)\n"
        "(pathlib.Path.home() / 'mine').write_text('x')\n"
        "print(tempfile.gettempdir(), os.getcwd())",
        "import newsletter",
    )
    seen = text_of(result.outputs[0])
    assert "tell" not in seen
    assert "NEWSLETTER" not in seen
    assert "PIP_" not in seen
    assert (place / "home" / "mine").exists()
    assert seen.endswith(f"{place / 'home' / 'tmp'} {place / 'posts'}\n")
    assert "No module named 'newsletter'" in result.error


def test_what_is_beside_the_kernel_is_not_to_be_imported(run: Run) -> None:
    result = run("import sys\nprint(sys.path)", "import limited")
    assert "inside" not in text_of(result.outputs[0])
    assert "No module named 'limited'" in result.error


def test_a_loop_without_end_is_stopped_and_all_that_it_began(run: Run, place: Path) -> None:
    began = time.monotonic()
    with pytest.raises(Broken, match=r"^It took over 2 seconds: .+\.$"):
        run(
            "import os, subprocess\n"
            "child = subprocess.Popen(['sleep', '600'])\n"
            "open('pids', 'w').write(f'{os.getpid()} {child.pid}')",
            "while True: pass",
            limits=replace(SEEN, seconds=2),
        )
    assert time.monotonic() - began < 300
    pids = [int(pid) for pid in (place / "posts" / "pids").read_text().split()]
    wait_until_ended(*pids)


def test_what_a_good_post_began_ends_with_it(run: Run) -> None:
    result = run("import subprocess\nprint(subprocess.Popen(['sleep', '600']).pid)", limits=SEEN)
    wait_until_ended(int(text_of(result.outputs[0])))


def test_memory_has_a_limit(run: Run) -> None:
    result = run("x = bytearray(2_000_000_000)", limits=replace(GENEROUS, memory_bytes=10**9))
    assert result.error.splitlines()[-1] == "MemoryError:"


def test_output_without_end_is_stopped(run: Run) -> None:
    with pytest.raises(Broken, match=r"^It shows over 1 MB: "):
        run("while True: print('x' * 10_000)", limits=replace(GENEROUS, output_bytes=1024**2))


def test_a_process_that_ends_itself_is_told_of(run: Run) -> None:
    with pytest.raises(Broken, match=r"^Its process ended in the midst of a cell: "):
        run("import os\nos._exit(0)")


def test_nothing_waits_for_a_person(run: Run) -> None:
    assert "input" in run("input('Your name? ')").error


def test_runs_are_ended_together(
    environment: Environment, place: Path, processes: Processes
) -> None:
    """As on Ctrl-C: what would be begun after that is ended at once."""
    processes.close()
    with pytest.raises(Broken):
        kernel.run_cells(
            code("python", ("1",)),
            environment,
            place / "posts",
            place / "home",
            GENEROUS,
            processes,
        )


def test_a_query_is_shown_as_a_table(run: Run) -> None:
    result = run(
        "CREATE TABLE t AS SELECT * FROM (VALUES ('a<b', 1.50), (NULL, 2)) v(name, amount)",
        "SELECT * FROM t",
        sql=True,
    )
    made, shown = result.outputs
    assert made == []
    assert shown[0]["data"]["text/html"] == (
        "<table><thead><tr><th>name</th><th>amount</th></tr></thead><tbody>"
        "<tr><td>a&lt;b</td><td>1.50</td></tr><tr><td>NULL</td><td>2.00</td></tr>"
        "</tbody></table>"
    )
    assert text_of(shown) == "name\tamount\na<b\t1.50\nNULL\t2.00"


def test_what_only_changes_something_shows_nothing(run: Run) -> None:
    result = run(
        "CREATE VIEW v AS FROM range(3)",
        "SET threads = 1; CREATE TABLE t AS FROM v",
        "INSERT INTO t VALUES (7)",
        "-- nothing",
        'SELECT max(range) AS "Count" FROM t',
        sql=True,
    )
    assert result.outputs[:4] == [[], [], [], []]
    assert text_of(result.outputs[4]) == "Count\n7"


def test_the_rows_that_are_not_shown_are_counted(run: Run) -> None:
    (outputs,) = run("FROM range(1234)", sql=True).outputs
    html: str = outputs[0]["data"]["text/html"]
    assert html.count("<tr>") == 51
    assert html.endswith("<p>50 of 1,234 rows</p>")


def test_what_is_wrong_with_a_query_is_said_by_duckdb_alone(run: Run) -> None:
    result = run("SELECT nothing FROM range(3)", sql=True)
    (error,) = result.outputs[0]
    assert error["ename"] == "BinderException"
    assert result.error.startswith('BinderException: Binder Error: Referenced column "nothing"')
    assert "Traceback" not in str(result.outputs)


def test_python_and_sql_share_their_tables(
    environment: Environment, place: Path, processes: Processes
) -> None:
    cells = [
        *code("sql", ("CREATE TABLE t AS FROM range(4)",)),
        *code("python", ("import duckdb\nduckdb.table('t').fetchall()[-1]",)),
    ]
    result = kernel.run_cells(
        cells, environment, place / "posts", place / "home", GENEROUS, processes
    )
    assert text_of(result.outputs[1]) == "(3,)"


def test_a_place_with_a_long_name_will_do(
    environment: Environment, tmp_path: Path, processes: Processes
) -> None:
    home = tmp_path / ("long" * 30)
    home.mkdir()
    outputs: list[Any] = kernel.run_cells(
        code("python", ("1 + 1",)), environment, tmp_path, home, SEEN, processes
    ).outputs
    assert text_of(outputs[0]) == "2"
    with pytest.raises(Broken, match="set TMPDIR"):  # who is shut in has no ports
        kernel.run_cells(
            code("python", ("1 + 1",)), environment, tmp_path, home, GENEROUS, processes
        )
