"""CSV and its family: any delimiter, any encoding, quotes as in RFC 4180."""

import csv
import re
from collections.abc import Iterator, Mapping, Sequence
from itertools import chain
from pathlib import Path
from typing import Any

import duckdb

from newsletter.catalog.dialect import find_delimiter, has_header
from newsletter.catalog.encodings import ESCAPED, Encoding, find_encoding
from newsletter.catalog.staging import MAX_CELL, Reading, SourceColumn, Staging, unique_names
from newsletter.errors import UnreadableTable

SAMPLE_LINES = 200


def read(
    connection: duckdb.DuckDBPyConnection, path: Path, folder: Path, options: Mapping[str, Any]
) -> Reading:
    """Load ``path``; see ``staging.Reading``. Raises UnreadableTable."""
    encoding = find_encoding(path, options["encoding"])
    try:
        with path.open(encoding=encoding.name, errors="surrogateescape", newline="") as lines:
            csv.field_size_limit(MAX_CELL)
            return _Table(lines, encoding, options).load(connection, folder)
    except UnicodeError as error:
        raise UnreadableTable(
            f"The file does not read as {encoding.name}: state its encoding."
        ) from error


class _Table:
    def __init__(
        self, lines: Iterator[str], encoding: Encoding, options: Mapping[str, Any]
    ) -> None:
        self._options = options
        self._encoding = encoding
        self._notes = [encoding.note] if encoding.note else []
        sample = [line for _, line in zip(range(SAMPLE_LINES), lines, strict=False)]
        self._skipped, self._delimiter = _separator_line(sample, options["delimiter"])
        sample = sample[self._skipped :]
        if not "".join(sample).strip():
            raise UnreadableTable("The file is empty: give one with a header and rows.")
        if self._delimiter is None:
            self._delimiter = find_delimiter(sample)
        self._bad_lines: dict[int, str] = {}
        self._rows = csv.reader(
            self._watched(chain(sample, lines)),
            delimiter=self._delimiter,
            strict=True,
            skipinitialspace=_is_spaced(sample, self._delimiter),
        )
        self._sample = sample

    def load(self, connection: duckdb.DuckDBPyConnection, folder: Path) -> Reading:
        names, first = self._names()
        staging = Staging(folder, len(names))
        self._stage(staging, first)
        staging.load(connection, self._options["missing_values"])
        return Reading(
            columns=[SourceColumn(name) for name in names],
            rows_in=staging.rows_in,
            rejections=staging.rejections,
            encoding=self._encoding.name.removesuffix("-sig"),
            delimiter=self._delimiter,
            notes=self._notes,
        )

    def _names(self) -> tuple[list[str], list[str] | None]:
        """The columns' names, and the first row if it is not the header."""
        header = self._options["header"]
        if header is None:
            declared = self._options["types"]
            header = has_header(self._sample, self._delimiter or ",", set(declared))
        try:
            first = next(row for row in self._rows if row)
        except (csv.Error, StopIteration) as error:
            raise UnreadableTable(
                "The first line does not read as a header: check its quotes."
            ) from error
        if header:
            self._bad_lines.clear()
            return unique_names([ESCAPED.sub("\ufffd", cell) for cell in first], self._notes), None
        self._notes.append("No header was found: the columns are called column_1, column_2, ….")
        return [f"column_{place}" for place in range(1, len(first) + 1)], first

    def _stage(self, staging: Staging, first: list[str] | None) -> None:
        width, keep, blank = staging.width, staging.keep, 0
        if first is not None:
            self._judge(staging, 1 + self._skipped, first)
            staging.rows_in += 1
        for start, row in self._numbered():
            if isinstance(row, str):
                staging.rejections.add(start, row)
            elif len(row) == width and not self._bad_lines:
                keep(row)
            elif not row:
                blank += 1
                continue
            else:
                self._judge(staging, start, row)
            staging.rows_in += 1
        if blank:
            self._notes.append(
                f"{blank:,} blank {'line was' if blank == 1 else 'lines were'} skipped."
            )

    def _judge(self, staging: Staging, start: int, row: list[str]) -> None:
        reason = next(iter(self._bad_lines.values()), None)
        self._bad_lines.clear()
        if reason is None and len(row) != staging.width:
            cells = "1 cell" if len(row) == 1 else f"{len(row):,} cells"
            reason = f"it has {cells} where the header has {staging.width:,}"
        if reason is None:
            staging.keep(row)
        else:
            staging.rejections.add(start, reason)

    def _numbered(self) -> Iterator[tuple[int, list[str] | str]]:
        """Each record with the line that it begins on; a str is why it does not read."""
        while True:
            start = self._rows.line_num + 1 + self._skipped
            try:
                yield start, next(self._rows)
            except StopIteration:
                return
            except csv.Error as error:
                self._bad_lines.clear()
                swallowed = self._rows.line_num + self._skipped - start
                if "unexpected end" in str(error) and swallowed:
                    raise UnreadableTable(
                        f"Line {start} opens a quote that never closes, and {swallowed:,} more"
                        " lines would be lost in it: close or remove the quote."
                    ) from error
                yield start, _quote_reason(str(error))

    def _watched(self, lines: Iterator[str]) -> Iterator[str]:
        """``lines``, remembering what no cell may hold."""
        for number, line in enumerate(lines):
            if "\0" in line:
                self._bad_lines[number] = "it holds a NUL character"
            if self._encoding.has_bad_bytes and not line.isascii() and ESCAPED.search(line):
                name = self._encoding.name.removesuffix("-sig")
                self._bad_lines[number] = f"it holds bytes that are not {name}"
            yield line


def _separator_line(sample: Sequence[str], stated: str | None) -> tuple[int, str | None]:
    """How many lines to skip, and the delimiter that Excel's ``sep=;`` line names."""
    found = re.fullmatch(r"sep=(.)\r?\n?", sample[0]) if sample else None
    if found is None:
        return 0, stated
    return 1, stated or found[1]


def _is_spaced(sample: Sequence[str], delimiter: str) -> bool:
    """Whether a space follows every delimiter, as people write lists."""
    text = "".join(sample)
    if f'{delimiter} "' in text and f'{delimiter}"' not in text:
        return True
    return 0 < text.count(delimiter) == text.count(f"{delimiter} ")


def _quote_reason(message: str) -> str:
    if "field larger" in message:
        return f"a cell is longer than {MAX_CELL:,} characters"
    if "unexpected end" in message:
        return "it opens a quote that never closes"
    return "text follows a closing quote"
