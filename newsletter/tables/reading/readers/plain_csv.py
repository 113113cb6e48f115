"""Delimited text that DuckDB may read by itself: the same rows, many times faster.

``delimited`` goes through a file row by row, so that each row that does not fit is
told by its line. Most files have none. What is looked for here, in one pass over
the bytes, is all that DuckDB would read otherwise, or would not tell; for a file
that has nothing of it the number of lines is known. If DuckDB then finds as many
rows, of one width each, no row lies on two lines, and none was left out. It also
takes a row that goes on with one empty cell for one without it, so the rows are counted
that end in a missing value: as many must be missing in the last column.
"""

from collections.abc import Sequence
from pathlib import Path

from newsletter.tables.reading.staging import MAX_CELL, NULL, Census

CHUNK = 1024 * 1024
LONGEST = MAX_CELL  # bytes of a row, so that no cell has more characters
# DuckDB forgives spaces between a quote and the delimiter.
AROUND_QUOTES = (b' "', b'" ')


def survey(
    path: Path, delimiter: str, missing: Sequence[str], skip: int, newline: str
) -> Census | None:
    r"""What reading all but the first ``skip`` lines of the file must come to; ``delimiter`` is
    one ASCII character, ``newline`` how each line ends, ``\n`` or ``\r\n``.

    None for a file that is to be read row by row: it has no rows, is not UTF-8, has NULs,
    spaces beside quotes, very long lines, or lines that end otherwise.
    """
    cells = [word.encode() for word in dict.fromkeys(["", *missing])]
    before, end = delimiter.encode(), newline.encode()
    lines = missing_last = 0
    with path.open("rb") as file:
        while chunk := file.read(CHUNK):
            rest = file.readline(LONGEST)
            chunk += rest
            if len(rest) == LONGEST or not _is_plain(chunk):
                return None
            if not chunk.endswith(b"\n"):
                chunk += end
            here = chunk.count(b"\n")
            if not here == chunk.count(end) == chunk.count(b"\r") + here * (newline == "\n"):
                return None
            lines += here
            missing_last += sum(chunk.count(before + cell + end) for cell in cells)
            if b'"' in chunk:
                missing_last += sum(chunk.count(before + b'"%b"' % cell + end) for cell in cells)
    return Census(lines - skip, missing_last) if lines > skip else None


def _is_plain(lines: bytes) -> bool:
    """Whether whole lines hold nothing that DuckDB reads in its own way."""
    if b"\0" in lines or (b'"' in lines and any(sign in lines for sign in AROUND_QUOTES)):
        return False
    if lines.isascii():
        return True
    try:
        return NULL not in lines.decode()
    except UnicodeDecodeError:
        return False
