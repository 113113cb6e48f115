"""A terminal is painted in place, whatever is longer than it."""

import io

import click
import pytest

from newsletter.cli.issues.canvas import Canvas


@pytest.fixture(autouse=True)
def small_terminal(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("COLUMNS", "20")
    monkeypatch.setenv("LINES", "4")


def painted(*blocks: list[str]) -> list[str]:
    """What was written at each painting."""
    stream = io.StringIO()
    canvas = Canvas(stream)
    written = []
    for block in blocks:
        before = stream.tell()
        canvas.paint(block)
        written.append(stream.getvalue()[before:])
    return written


def test_it_goes_back_over_what_it_painted_before() -> None:
    first, second, third = painted(["a", "b"], ["c"], ["d"])
    assert first == "\r\x1b[Ja\nb\n"
    assert second == "\r\x1b[2A\x1b[Jc\n"
    assert third.startswith("\r\x1b[1A")


def test_a_line_that_would_wrap_is_cut() -> None:
    (written,) = painted(["x" * 20])
    assert written == "\r\x1b[J" + "x" * 18 + "…\n"


def test_colours_take_no_room() -> None:
    line = click.style("x" * 19, fg="red")
    (written,) = painted([line])
    assert line in written


def test_no_more_lines_than_the_terminal_has() -> None:
    first, second = painted(["a"] * 9, ["b"])
    assert first.count("\n") == 3
    assert second.startswith("\r\x1b[3A")
