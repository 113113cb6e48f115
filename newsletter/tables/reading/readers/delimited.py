"""CSV and its family: any delimiter, any encoding, quotes as in RFC 4180."""

import csv
import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from itertools import chain, islice
from pathlib import Path
from typing import Any

import duckdb

from newsletter.errors import UnreadableTable
from newsletter.tables.reading.dialect import (
    comment_lines,
    escaped_quote,
    find_delimiter,
    is_delimited,
    is_spaced,
    lines_above,
    rows_of,
)
from newsletter.tables.reading.encodings import ESCAPED, Encoding, find_encoding
from newsletter.tables.reading.footnotes import Footnotes, apart_note
from newsletter.tables.reading.header import (
    count_header_rows,
    fitted_header,
    joined_header,
    title_rows,
)
from newsletter.tables.reading.readers.plain_csv import LONGEST, survey
from newsletter.tables.reading.readers.space_parted import RUNS, Layout, cells_of, find_layout
from newsletter.tables.reading.staging import (
    MAX_CELL,
    NULL,
    Reading,
    SourceColumn,
    Staging,
    check_width,
    show_text,
    too_long,
    unique_names,
)

SAMPLE_LINES = 200


def read(
    connection: duckdb.DuckDBPyConnection, path: Path, folder: Path, options: Mapping[str, Any]
) -> Reading:
    """Load ``path``; see ``staging.Reading``. Raises UnreadableTable."""
    encoding = find_encoding(path, options["encoding"])
    try:
        with path.open(encoding=encoding.name, errors="surrogateescape", newline="") as lines:
            csv.field_size_limit(MAX_CELL)
            table = _Table(lines, encoding, options)
            hoped = None if options.get("carefully") else table.show(connection, path)
            return hoped or table.load(connection, folder)
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
        self._declared = set(options["types"])
        self._notes = [encoding.note] if encoding.note else []
        sample = [line for _, line in zip(range(SAMPLE_LINES), lines, strict=False)]
        if not "".join(sample).strip("\ufeff \t\r\n"):
            raise UnreadableTable("The file is empty: give one with a header and rows.")
        sample[0] = sample[0].lstrip("\ufeff")
        self._skipped, stated = _separator_line(sample, options["delimiter"])
        self._layout = _layout(sample, stated)
        if self._layout:
            self._notes.append(self._layout.note)
            as_delimited = self._layout.as_delimited(chain(sample, lines))
            sample, lines, stated = list(islice(as_delimited, len(sample))), as_delimited, ","
        self._sample = sample = self._without_top(sample[self._skipped :], stated)
        self._delimiter = stated or find_delimiter(sample)
        self._bad_lines: dict[int, str] = {}
        self._padded = self._blank = 0
        self._is_spaced = is_spaced(sample, self._delimiter)
        self._escape = escaped_quote(sample, self._delimiter)
        if self._escape:
            self._notes.append("Quotes after a backslash were read as quotes in a cell.")
        self._rows = csv.reader(
            self._unescaped(self._watched(chain(sample, lines))),
            delimiter=self._delimiter,
            strict=True,
            skipinitialspace=self._is_spaced,
        )
        self._is_odd = self._is_spaced or any((self._layout, self._escape, options.get("changes")))
        self._names, self._first = self._header()

    def show(self, connection: duckdb.DuckDBPyConnection, path: Path) -> Reading | None:
        """The file as it is, if it may have no row that needs a closer look."""
        skip = self._skipped + (self._rows.line_num if self._first is None else 0)
        name, width = self._encoding.name, len(self._names)
        is_known = name == "utf-8" or (name == "utf-8-sig" and skip)
        if not is_known or width < 2 or self._is_odd:
            return None
        check_width(width)
        if not self._delimiter.isascii():
            return None
        missing = self._options["missing_values"]
        newline = "\r\n" if self._sample[0].endswith("\r\n") else "\n"
        show_text(
            connection,
            path,
            width,
            [NULL, *missing],
            delimiter=self._delimiter,
            skip=skip,
            newline=newline,
            longest=LONGEST,
        )
        # While DuckDB reads: most files are what they seem.
        surveyor = ThreadPoolExecutor(1)
        expected = surveyor.submit(survey, path, width, self._delimiter, missing, skip, newline)
        surveyor.shutdown(wait=False)
        return replace(self._reading(0), expected=expected)

    def load(self, connection: duckdb.DuckDBPyConnection, folder: Path) -> Reading:
        """The file row by row."""
        staging = Staging(folder, self._names, self._options)
        self._stage(staging)
        staging.show(connection, self._options["missing_values"])
        return replace(self._reading(staging.rows_in), rejections=staging.rejections)

    def _reading(self, rows_in: int) -> Reading:
        return Reading(
            columns=[SourceColumn(name) for name in self._names],
            rows_in=rows_in,
            encoding=self._encoding.name.removesuffix("-sig"),
            delimiter=" " if self._layout else self._delimiter,
            notes=self._notes,
        )

    def _without_top(self, sample: list[str], stated: str | None) -> list[str]:
        """The sample from the header on; what is above it is counted and noted."""
        if self._options["header"] is not None or not sample:
            return sample
        comments = comment_lines(sample, stated)
        above = comments + lines_above(sample[comments:], stated)
        rest = sample[above:]
        above += title_rows(rows_of(rest, stated or find_delimiter(rest)), self._declared)
        if above:
            self._notes.append(apart_note("Above the header", sample[:above]))
        self._skipped += above
        return sample[above:]

    def _header(self) -> tuple[list[str], list[str] | None]:
        """The columns' names, and the first row if it is not the header."""
        depth = self._options["header"]
        sample = self._unescaped(self._sample)
        rows = rows_of(sample, self._delimiter, is_spaced=self._is_spaced)
        if depth is None:
            depth = count_header_rows(fitted_header(rows), self._declared, self._notes)
        try:
            top = list(islice(filter(None, self._rows), max(depth, 1)))
        except csv.Error as error:
            raise UnreadableTable(
                f"The header does not read: {_quote_reason(str(error))}; check its quotes."
            ) from error
        if not top:
            raise UnreadableTable("The file is empty: give one with a header and rows.")
        if depth:
            for reason in self._bad_lines.values():
                raise UnreadableTable(f"The header does not read: {reason}; state the encoding.")
            top[0] = list(fitted_header([top[0], *rows[1:]])[0])
            return unique_names(joined_header(top), self._notes), None
        self._notes.append("No header was found: the columns are called column_1, column_2, ….")
        return [f"column_{place}" for place in range(1, len(top[0]) + 1)], top[0]

    def _stage(self, staging: Staging) -> None:
        width, keep = staging.width, staging.keep
        footnotes = Footnotes(width)
        if self._first is not None:
            self._judge(staging, 1 + self._skipped, self._first)
        for start, row in self._numbered():
            if isinstance(row, str):
                staging.reject(start, row)
            elif self._bad_lines:
                staging.reject(start, next(iter(self._bad_lines.values())))
                self._bad_lines.clear()
            elif len(row) == width and row[-1] and footnotes.is_empty:
                keep(row)
                staging.rows_in += 1
            else:
                for place, passed in footnotes.rows(start, row):
                    self._judge(staging, place, passed)
        rest, below, blank = footnotes.end()
        for place, passed in rest:
            self._judge(staging, place, passed)
        self._tell_rows(staging, below, blank)

    def _tell_rows(self, staging: Staging, below: list[str], blank: int) -> None:
        """Notes on the rows that are not as the header has them."""
        if blank := blank + self._blank:
            self._notes.append(
                f"{blank:,} blank {'line was' if blank == 1 else 'lines were'} skipped."
            )
        if self._padded:
            self._notes.append(
                f"{self._padded:,} {'row ends' if self._padded == 1 else 'rows end'} in empty"
                " cells beyond the header: they were left out."
            )
        self._notes += staging.short.notes()
        if below:
            self._notes.append(apart_note("Below the table", below))

    def _judge(self, staging: Staging, start: int, row: Sequence[str]) -> None:
        width = staging.width
        if not row:
            self._blank += 1
            return
        if len(row) == 1 < width and row[0].startswith("#"):
            staging.reject(start, "it is a comment")
            return
        if len(row) > width and not any(row[width:]):
            self._padded += 1
            row = row[:width]
        if len(row) > width:
            staging.reject(start, f"it has {len(row):,} cells where the header has {width:,}")
        else:
            staging.keep_short(start, row)

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
                if swallowed:  # each of them may be a row
                    raise UnreadableTable(
                        f"Line {start} opens a quote that {_where_it_ends(str(error))}, and"
                        f" {swallowed:,} more {'line' if swallowed == 1 else 'lines'} would be"
                        " lost in it: close or remove the quote."
                    ) from error
                yield start, _quote_reason(str(error))

    def _watched(self, lines: Iterator[str]) -> Iterator[str]:
        """``lines``, remembering what no cell may hold."""
        for number, line in enumerate(lines):
            if "\0" in line:
                self._bad_lines[number] = "it holds a NUL character"
            if not line.isascii():
                if NULL in line:
                    self._bad_lines[number] = "it holds the private character U+E000"
                if self._encoding.has_bad_bytes and ESCAPED.search(line):
                    name = self._encoding.name.removesuffix("-sig")
                    self._bad_lines[number] = f"it holds bytes that are not {name}"
            yield line

    def _unescaped(self, lines: Iterable[str]) -> Iterable[str]:
        """``lines`` with doubled quotes in place of quotes after a backslash."""
        mark = self._escape
        if mark is None:
            return lines
        return (mark.sub('""', line) for line in lines)


def _separator_line(sample: Sequence[str], stated: str | None) -> tuple[int, str | None]:
    """How many lines to skip, and the delimiter that Excel's ``sep=;`` line names."""
    separator = re.fullmatch(r"sep=(.)\r?\n?", sample[0]) if sample else None
    if separator is None:
        return 0, stated
    return 1, stated or separator[1]


def _layout(sample: Sequence[str], stated: str | None) -> Layout | None:
    """How blanks part the columns, where no delimiter does."""
    if stated == " " and not is_delimited(sample, stated, least=1):
        return Layout(RUNS, 0, cells_of)
    return find_layout(sample) if stated is None and not is_delimited(sample) else None


def _where_it_ends(message: str) -> str:
    if "field larger" in message:
        return f"does not close within {MAX_CELL:,} characters"
    return "never closes" if "unexpected end" in message else "closes in the middle of a cell"


def _quote_reason(message: str) -> str:
    if "field larger" in message:
        return too_long()
    if "unexpected end" in message:
        return "it opens a quote that never closes"
    return "text follows a closing quote"
