"""The last lines of a terminal, painted over each time."""

import shutil
from collections.abc import Sequence
from typing import TextIO

import click

LINE_START, UP, ERASE_BELOW = "\r", "\x1b[{}A", "\x1b[J"


class Canvas:
    """Paints lines in place on ``stream``, which must be a terminal."""

    def __init__(self, stream: TextIO) -> None:
        self._stream = stream
        self._height = 0

    def paint(self, lines: Sequence[str]) -> None:
        """Replace what was painted. What does not fit is cut, as a line that wraps would
        leave its rest behind."""
        columns, rows = shutil.get_terminal_size()
        fitting = [_cut(line, columns - 1) for line in lines[: rows - 1]]
        up = UP.format(self._height) if self._height else ""
        self._stream.write(LINE_START + up + ERASE_BELOW + "".join(f"{x}\n" for x in fitting))
        self._stream.flush()
        self._height = len(fitting)


def _cut(line: str, width: int) -> str:
    """A line of at most ``width`` characters; one that is cut loses its colours."""
    plain = click.unstyle(line)
    return line if len(plain) <= width else f"{plain[: width - 1]}…"
