"""From files to all that the catalog keeps of a dataset, before the database.

Slow and isolated: every table is read in a child process, and what comes out
is stored by its content. Recording it (catalog.datasets) is then one short
transaction, and a failure here has changed nothing but unreferenced files.
"""

import json
import tempfile
from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass
from hashlib import file_digest, sha256
from pathlib import Path
from typing import Any

from newsletter.catalog.multi_table import Names, part_of, read_tables
from newsletter.catalog.package.dataset_package import (
    ColumnPackage,
    DatasetPackage,
    TablePackage,
)
from newsletter.charts import SAMPLED_ROWS, alt_text, default_chart, render
from newsletter.charts.palette import slimmed
from newsletter.errors import Invalid, UnreadableTable
from newsletter.storage import Storage
from newsletter.tables.ingest import KEEPING, Ingested, Watch, unwatched

Values = Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Chart:
    """A Vega-Lite spec without its data, and where its pictures are stored."""

    spec: Mapping[str, Any]
    alt: str
    png: str
    svg: str


@dataclass(frozen=True, slots=True)
class Intake:
    """A dataset as it was written and read."""

    package: DatasetPackage  # with each table that the files turned out to hold
    tables: tuple[Values, ...]  # each the values of a models.Table, by its columns' names
    chart: Chart | None
    digest: str  # of what it was made from


def digest_of(package: DatasetPackage, sources: Mapping[str, Path]) -> str:
    """A hash of what a person wrote and of the files as they came, in hex."""
    digest = sha256(json.dumps(package.model_dump(mode="json"), sort_keys=True).encode())
    for table in package.tables:
        if table.name not in sources:
            continue
        with sources[table.name].open("rb") as file:
            digest.update(file_digest(file, "sha256").digest())
    return digest.hexdigest()


def import_files(
    package: DatasetPackage,
    sources: Mapping[str, Path],
    storage: Storage,
    kept: Intake | None = None,
    known: Collection[str] = (),
    watch: Watch = unwatched,
    work: Path | None = None,
) -> Intake:
    """Read each table of ``package`` from ``sources`` (by the table's name), store its
    files and draw the chart. A file that holds several tables, of which none was chosen,
    becomes all of them.

    A table that ``sources`` lacks is the one of its name in ``kept``, and so is the chart where
    its table is. ``known`` are the names of tables that the dataset had before. ``watch`` is
    told which file is read, and how far all of it is; ``work`` is where large files are written
    meanwhile, None: where the system has its temporary ones.

    Where the chart cannot be drawn, there is none, and a note. Raises UnreadableTable or
    Invalid, whose ``fields`` names the place in the package.
    """
    kept_values = {values["name"]: values for values in kept.tables} if kept else {}
    tables: list[TablePackage] = []
    values: list[Values] = []
    charted = charted_table(package)
    drawing = _Drawing(package, storage)
    with tempfile.TemporaryDirectory(prefix="intake-", dir=work) as folder:
        for at, written in enumerate(package.tables):
            source = sources.get(written.name)
            if source is None:
                values.append({**kept_values[written.name], "position": len(tables)})
                tables.append(written)
                continue
            of_all = part_of(_named(watch, source.name), at, len(package.tables))
            others = [table.name for table in (*tables, *package.tables[at + 1 :])]
            names = Names(frozenset(others), frozenset(known))
            for table, read in _read(package, at, source, Path(folder), names, of_all):
                of_all(*KEEPING)
                drawn_note = drawing.draw(read) if written.name == charted else None
                noted = _values(len(tables), table, read, source.name, storage)
                values.append({**noted, "notes": [*read.notes, *filter(None, [drawn_note])]})
                tables.append(table)
    chart = drawing.chart
    if kept is not None and charted in kept_values and charted not in sources:
        chart = kept.chart
    whole = package.model_copy(update={"tables": tuple(tables)})
    return Intake(whole, tuple(values), chart, digest_of(package, sources))


def _named(watch: Watch, name: str) -> Watch:
    return lambda step, part: watch(f"{name}: {step}", part)


def _read(
    package: DatasetPackage, at: int, source: Path, folder: Path, names: Names, watch: Watch
) -> Iterator[tuple[TablePackage, Ingested]]:
    try:
        yield from read_tables(package.tables[at], source, folder, names, watch)
    except UnreadableTable as error:
        named = f"{package.tables[at].name}: {error}" if len(package.tables) > 1 else str(error)
        raise UnreadableTable(named, {f"tables.{at}.file": str(error)}) from error


def _values(at: int, table: TablePackage, read: Ingested, origin: str, storage: Storage) -> Values:
    return {
        "position": at,
        "name": table.name,
        "description": table.description or "",
        "primary_key": list(table.primary_key),
        "foreign_keys": [key.model_dump(mode="json") for key in table.foreign_keys],
        "missing_values": list(table.missing_values),
        "columns": _dictionary(table, read),
        "origin": origin,
        "encoding": read.encoding,
        "rows": read.rows_kept,
        "rejected": [{"line": r.line, "reason": r.reason} for r in read.rejected],
        "rows_rejected": read.rows_rejected,
        "notes": list(read.notes),
        "preview": list(read.preview),
        "profile": read.profile,
        "files": {
            kind: {"key": storage.put(file.path), "bytes": file.bytes, "sha256": file.sha256}
            for kind, file in (("csv", read.csv), ("parquet", read.parquet), ("json", read.json))
        },
    }


def _dictionary(table: TablePackage, read: Ingested) -> list[dict[str, Any]]:
    """The columns as they are in the file, each with what was written about it."""
    written = {column.name: column for column in table.columns}
    return [
        (written[name].model_dump(mode="json") if name in written else {"name": name})
        | {"type": type_}
        | _in_the_file(written.get(name), "unit", read.units.get(name))
        | _in_the_file(written.get(name), "description", read.descriptions.get(name))
        for name, type_ in read.columns
    ]


def _in_the_file(written: ColumnPackage | None, key: str, value: str | None) -> dict[str, str]:
    """What the file itself says of a column, unless a person wrote it."""
    return {key: value} if value and not getattr(written, key, None) else {}


def charted_table(package: DatasetPackage) -> str | None:
    """The table that the chart draws: the one that its usermeta names, or the first."""
    named = ((package.chart or {}).get("usermeta") or {}).get("table")
    return named or (package.tables[0].name if package.tables else None)


class _Drawing:
    """The chart, of the first table of its file that it can be drawn of; it may be none."""

    def __init__(self, package: DatasetPackage, storage: Storage) -> None:
        self._package = package
        self._storage = storage
        self.chart: Chart | None = None

    def draw(self, read: Ingested) -> str | None:
        """Draw it of a table, unless it is drawn; a sentence where that failed. Raises Invalid
        for a stated chart that breaks a rule."""
        if self.chart is not None:
            return None
        try:
            self.chart = _draw(self._package, read, self._storage, read.csv.path.parent)
        except Invalid as error:
            if error.fields:
                raise
            return f"There is no chart. {error}"
        return None


def _draw(package: DatasetPackage, read: Ingested, storage: Storage, work: Path) -> Chart | None:
    spec = default_chart(read.profile) if package.chart is None else package.chart
    if not spec:
        return None
    rows = read.sample(SAMPLED_ROWS)
    png, svg = render(spec, rows)
    (work / "chart.png").write_bytes(slimmed(png))
    (work / "chart.svg").write_text(svg)
    return Chart(
        spec=spec,
        alt=alt_text(spec, read.profile, package.title),
        png=storage.put(work / "chart.png"),
        svg=storage.put(work / "chart.svg"),
    )
