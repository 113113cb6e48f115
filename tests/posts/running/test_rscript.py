import base64
import os
from dataclasses import replace
from pathlib import Path

import pytest

from newsletter.posts.running import rscript
from newsletter.posts.running.environment import NotInstalled
from newsletter.posts.running.limits import Processes, RunLimits
from newsletter.posts.running.result import Broken, Result
from tests.posts.running.conftest import GENEROUS, SEEN, Run, code, text_of
from tests.waiting import wait_until_ended

pytestmark = [
    pytest.mark.xdist_group("posts run"),
    pytest.mark.skipif(not rscript.is_installed(), reason="Rscript is not installed"),
]


@pytest.fixture
def run(place: Path, processes: Processes) -> Run:
    def run(*sources: str, requires: tuple[str, ...] = (), limits: RunLimits = GENEROUS) -> Result:
        rest = (place / "posts", place / "home", limits, processes)
        return rscript.run_cells(code("r", sources), requires, *rest)

    return run


def test_cells_share_what_they_make_and_show_it_as_the_console_does(run: Run) -> None:
    result = run("x <- 20\nx + 1\ninvisible(3)", "cat('é', x * 2)", "y <- 1", requires=("stats",))
    assert [text_of(outputs) for outputs in result.outputs] == ["[1] 21\n", "é 40", ""]
    assert result.error == ""
    assert set(result.versions) == {"R", "stats"}


def test_it_ends_at_the_cell_that_fails_and_says_why(run: Run) -> None:
    result = run("1", "warning('look')\nstop('no rain')", "print('not reached')")
    assert result.error == "Error: no rain"
    assert [o["output_type"] for o in result.outputs[1]] == ["stream", "error"]
    assert text_of(result.outputs[1][:1]) == "Warning: look\n"
    assert result.outputs[2] == []


def test_what_does_not_parse_is_told_without_our_folders(run: Run, place: Path) -> None:
    result = run("1 +")
    assert "unexpected end of input" in result.error
    assert str(place) not in str(result)


def test_each_figure_of_a_cell_is_a_png_at_twice_its_size(run: Run) -> None:
    result = run("plot(1:3)\nhist(c(1, 2))\nx <- 1", "x")
    assert [o["output_type"] for o in result.outputs[0]] == ["display_data"] * 2
    for figure in result.outputs[0]:
        png = base64.b64decode(figure["data"]["image/png"])
        size = figure["metadata"]["image/png"]
        width, height = (int.from_bytes(png[at : at + 4]) for at in (16, 20))
        assert (width, height) == (2 * size["width"], 2 * size["height"])
    assert text_of(result.outputs[1]) == "[1] 1\n"


def test_code_sees_nothing_of_ours(run: Run, place: Path) -> None:
    result = run("print(Sys.getenv())\ncat(getwd())")
    seen = text_of(result.outputs[0])
    assert "tell" not in seen
    assert "NEWSLETTER" not in seen
    assert seen.endswith(str(place / "posts"))
    assert str(place / "home") in seen
    assert os.environ["HOME"] != str(place / "home")


def test_packages_that_are_not_here_are_named(run: Run) -> None:
    with pytest.raises(NotInstalled, match=r"not installed here: nosuchone, nosuchtwo\.$"):
        run("1", requires=("stats", "nosuchone", "nosuchtwo"))


def test_a_loop_without_end_is_stopped_and_all_that_it_began(run: Run, place: Path) -> None:
    with pytest.raises(Broken, match=r"^It took over 8 seconds: "):
        run(
            "system('sleep 600', wait = FALSE)\n"
            "writeLines(system('pgrep -g $(ps -o pgid= $$)', intern = TRUE), 'pids')\n"
            "while (TRUE) 1",
            limits=replace(SEEN, seconds=8),  # in which R is up
        )
    pids = [int(pid) for pid in (place / "posts" / "pids").read_text().split()]
    assert len(pids) >= 2
    wait_until_ended(*pids)


def test_memory_has_a_limit(run: Run) -> None:
    result = run("x <- numeric(10^9)", limits=replace(GENEROUS, memory_bytes=10**9))
    assert "cannot allocate" in result.error


def test_output_without_measure_is_refused(run: Run) -> None:
    with pytest.raises(Broken, match=r"^It shows over 1 MB: "):
        run("cat(strrep('x', 2e6))", limits=replace(GENEROUS, output_bytes=1024**2))


def test_a_process_that_ends_itself_is_told_of(run: Run) -> None:
    with pytest.raises(Broken, match=r"^Its process ended in the midst of a cell: "):
        run("quit(status = 0)")
