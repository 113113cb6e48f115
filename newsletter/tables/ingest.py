"""Read a stranger's file into a table, in a process of its own.

The parent never opens the file as a table and never loads DuckDB: it starts
``newsletter.tables.reading.worker`` with limits on memory, time, open files and
output, and takes over what that process wrote, or says in one sentence why
there is nothing to take.
"""

import hashlib
import json
import tempfile
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import asdict, dataclass, field, replace
from pathlib import Path
from typing import Any, Self

from newsletter.errors import SeveralTables, UnreadableTable
from newsletter.tables import sandbox
from newsletter.tables.reading import gauge

# Told again and again what is being done and which part of the whole is, from 0 to 1; what it
# raises ends the reading.
Watch = Callable[[str, float], None]
FORMATS = ("parquet", "csv", "json")
SLOWEST = 8 * 1024**2  # bytes a second that a file is read at, at least
MAX_ANSWER = 64 * 1024 * 1024  # bytes of JSON
PARSER = "newsletter.tables.reading.worker"
KEEPING = gauge.KEEPING, gauge.STEPS[gauge.KEEPING]


@dataclass(frozen=True, slots=True)
class IngestLimits:
    """What one table may cost."""

    seconds: float = 120.0  # wall clock
    memory_bytes: int = 512 * 1024**2  # of tables; the rest waits on disk
    output_bytes: int = 4 * 1024**3  # of each file written, unpacked ones included

    def for_file(self, size: int) -> Self:
        """What a file of ``size`` bytes may cost: a large one takes its time, and its JSON
        is larger than itself."""
        seconds = max(self.seconds, size / SLOWEST)
        return replace(self, seconds=seconds, output_bytes=max(self.output_bytes, 3 * size))


@dataclass(frozen=True, slots=True)
class IngestOptions:
    """How to read the file; None: find it out."""

    kind: str | None = None  # one of those that file_kinds.recognise tells
    encoding: str | None = None
    delimiter: str | None = None
    decimal: str | None = None  # "." or ","
    header: int | None = None  # how many rows of it; 0: none
    table: str | None = None  # which one, of a file that holds several
    stack: bool = False  # the files of an archive as one table
    date_order: str | None = None  # of days in digits: dmy, mdy or ymd
    repair: bool = False  # text that was decoded wrongly, and HTML entities
    fill_down: tuple[str, ...] = ()  # columns whose empty cells go on with the one above
    missing_values: tuple[str, ...] = ("",)
    types: Mapping[str, str] = field(default_factory=dict)  # as the dictionary describes them
    limits: IngestLimits = IngestLimits()


@dataclass(frozen=True, slots=True)
class Rejected:
    """A row that is not in the table. ``line`` is the one that it begins on."""

    line: int
    reason: str


@dataclass(frozen=True, slots=True)
class Output:
    path: Path
    bytes: int
    sha256: str  # hex


@dataclass(frozen=True, slots=True)
class Ingested:
    """A table as it was read. ``rows_in == rows_kept + rows_rejected``."""

    kind: str
    name: str  # of the file, or of the file in the archive
    encoding: str | None
    delimiter: str | None
    rows_in: int
    rows_kept: int
    rows_rejected: int
    rejected: tuple[Rejected, ...]  # the first 1,000
    columns: tuple[tuple[str, str], ...]  # name and type, in the words of Table Schema
    profile: dict[str, Any]
    preview: list[list[Any]]  # the first 20 rows, fit for JSON
    notes: tuple[str, ...]  # sentences for the curator
    parquet: Output
    csv: Output
    json: Output
    units: Mapping[str, str] = field(default_factory=dict)  # written with numbers, by column
    descriptions: Mapping[str, str] = field(default_factory=dict)  # in the file, by column

    def sample(self, most: int) -> list[dict[str, Any]]:
        """At most ``most`` rows as they stand in the JSON file, evenly spread."""
        step = max(1, -(-self.rows_kept // most))
        with self.json.path.open(encoding="utf-8") as lines:
            # DuckDB writes "[", one record a line, "]".
            records = (line.strip().rstrip(",") for line in lines if line.lstrip()[:1] == "{")
            return [json.loads(record) for at, record in enumerate(records) if at % step == 0]


def unwatched(_step: str, _part: float) -> None:
    """Nobody looks."""


def ingest(
    source: Path,
    work: Path,
    options: IngestOptions = IngestOptions(),
    watch: Watch = unwatched,
) -> Ingested:
    """Read ``source`` and write table.parquet, table.csv and table.json into ``work``.

    Raises UnreadableTable with one sentence (SeveralTables if one is to be
    chosen); then ``work`` is as it was.
    """
    with tempfile.TemporaryDirectory(prefix=".ingest-", dir=work) as name:
        folder = Path(name).resolve()
        limits = options.limits.for_file(source.stat().st_size)
        request = request_for(source, folder, replace(options, limits=limits))
        read = run_parser(request, folder, limits, watch)
        watch(*KEEPING)
        with ThreadPoolExecutor(len(FORMATS)) as pool:  # hashing lets others run
            parquet, csv, json_ = pool.map(lambda kind: _taken(folder, work, kind), FORMATS)
    rejected = tuple(Rejected(line, reason) for line, reason in read.pop("rejected"))
    columns = tuple((column, type_) for column, type_ in read.pop("columns"))
    notes = tuple(read.pop("notes"))
    return Ingested(
        **read,
        rejected=rejected,
        columns=columns,
        notes=notes,
        parquet=parquet,
        csv=csv,
        json=json_,
    )


def request_for(
    source: Path, folder: Path, options: IngestOptions, formats: Sequence[str] = FORMATS
) -> dict[str, Any]:
    """What the child is asked: to read ``source``, and write it in ``formats`` into
    ``folder``. Parquet is always one of them."""
    return {
        "source": str(source.resolve()),
        "name": source.name,
        "folder": str(folder),
        "formats": formats,
        "limits": asdict(options.limits),
        "options": {**asdict(options), "types": dict(options.types)},
    }


def run_parser(
    request: Mapping[str, Any], folder: Path, limits: IngestLimits, watch: Watch = unwatched
) -> dict[str, Any]:
    """What the child tells of the table. Raises UnreadableTable."""
    request_body = json.dumps(request).encode()
    try:
        answer = sandbox.run(
            PARSER,
            request_body,
            folder,
            limits.seconds,
            MAX_ANSWER,
            lambda: watch(*gauge.look(folder)),
        )
    except sandbox.TooSlow as error:
        raise _too_slow(limits) from error
    except sandbox.BrokenOff as error:
        raise _broken_off(limits, error.output) from error
    reply = json.loads(answer)
    if "tables" in reply:
        raise SeveralTables(reply["refused"], reply["tables"])
    if "refused" in reply:
        raise UnreadableTable(reply["refused"])
    read: dict[str, Any] = reply["read"]
    return read


def _taken(folder: Path, work: Path, format_: str) -> Output:
    path = (folder / f"table.{format_}").replace(work / f"table.{format_}")
    with path.open("rb") as file:
        digest = hashlib.file_digest(file, "sha256").hexdigest()
    return Output(path, path.stat().st_size, digest)


def _too_slow(limits: IngestLimits) -> UnreadableTable:
    return UnreadableTable(
        f"Reading the table took over {limits.seconds:g} seconds: give a smaller one."
    )


def _broken_off(limits: IngestLimits, message: str) -> UnreadableTable:
    error = UnreadableTable(
        "Reading the table was broken off: it needs more memory than the limit of"
        f" {limits.memory_bytes // 1024**2:,} MB, or the file is damaged."
    )
    error.add_note(message)  # for a developer; never shown to a person
    return error
