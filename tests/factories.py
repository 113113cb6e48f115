"""Rows for tests, made from small tables by the program's own parts where that is quick."""

import json
import struct
import zlib
from collections.abc import Sequence
from copy import deepcopy
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from functools import cache
from hashlib import sha256
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import duckdb
import openpyxl
from sqlalchemy import select
from sqlalchemy.orm import Session

from newsletter.audience.suppression import address_hash
from newsletter.email_address import (
    address_key,
    parse_address,
)
from newsletter.models import Dataset, Issue, Subscriber, Table, Version
from newsletter.models.dataset import VersionState
from newsletter.models.issue import IssueState
from newsletter.models.post import Post, PostRun, PostState, RunStatus
from newsletter.models.submission import Submission, SubmissionKind
from newsletter.models.subscriber import Status
from newsletter.posts.cells import Cell, Code, Prose, as_json
from newsletter.posts.cells import Table as Rows
from newsletter.storage import Storage
from newsletter.tables.profiling.profile import profile_table
from newsletter.tokens import Signer

LONG_AGO = datetime(2026, 11, 2, 9, tzinfo=UTC)
MONDAY = date(2026, 11, 23)
TUESDAY = datetime(2026, 11, 24, 9, tzinfo=UTC)
TYPES = {"BIGINT": "integer", "DOUBLE": "number", "BOOLEAN": "boolean", "DATE": "date"}
PENGUINS = """\
species,bill_mm,flipper_mm,year
Adelie,39.1,181,2007
Adelie,39.5,186,2007
Adelie,,,2007
Gentoo,46.1,211,2008
Gentoo,50.0,230,2008
Chinstrap,46.5,192,2009
"""
CELLS: tuple[Cell, ...] = (
    Prose("The bill alone **nearly** does it."),
    Code(
        "python",
        'import pandas as pd\n\npenguins = pd.read_csv("../data/penguins.csv")\n'
        'print(penguins.groupby("species")["bill_mm"].mean().round(1))\n',
        True,
        (Rows(("species", "bill_mm"), (("Adelie", "39.3"), ("Gentoo", "48.1")), "2 of 3 rows"),),
    ),
)
SVG = (
    '<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 60 40">'
    '<rect x="5" y="10" width="20" height="30" fill="#1f6f8b"/></svg>'
)


def dataset(
    session: Session,
    storage: Storage,
    slug: str = "penguins",
    tables: dict[str, str] | None = None,
    state: VersionState = VersionState.PUBLISHED,
    **written: Any,
) -> Version:
    """A dataset with one version, whose ``tables`` are CSV texts by name."""
    new = Dataset(slug=slug, created_at=LONG_AGO)
    return _version(session, storage, new, tables or {slug: PENGUINS}, state, written)


def newer(session: Session, storage: Storage, slug: str, number: str, text: str) -> Version:
    """Another published version of ``slug``, whose one table is ``text``."""
    old = session.scalars(select(Dataset).where(Dataset.slug == slug)).one()
    written = {"number": number}
    return _version(session, storage, old, {slug: text}, VersionState.PUBLISHED, written)


def _version(
    session: Session,
    storage: Storage,
    of: Dataset,
    tables: dict[str, str],
    state: VersionState,
    written: dict[str, Any],
) -> Version:
    drawn = {
        "chart_png": store(storage, png(), ".png"),
        "chart_svg": store(storage, SVG.encode(), ".svg"),
    }
    version = Version(
        dataset=of,
        state=state,
        digest="0" * 64,
        created_at=LONG_AGO,
        modified_at=LONG_AGO,
        published_at=LONG_AGO if state is VersionState.PUBLISHED else None,
        tables=[table(storage, name, text, at) for at, (name, text) in enumerate(tables.items())],
        **(WRITTEN | drawn | written),
    )
    session.add(version)
    session.flush()
    return version


WRITTEN: dict[str, Any] = {
    "number": "1.0.0",
    "title": "The penguins of the archipelago",
    "summary": "Bills and flippers of three Antarctic species",
    "description": "Each row is one penguin.\n\nPlot **depth** against length and the line falls.",
    "license": "CC0-1.0",
    "citation": "Horst AM (2020). palmerpenguins.",
    "temporal": "2007/2009",
    "spatial": "Palmer Archipelago, Antarctica",
    "keywords": ["birds", "antarctica"],
    "sources": [
        {
            "title": "palmerpenguins",
            "url": "https://allisonhorst.github.io/palmerpenguins/",
            "publisher": "Allison Horst",
            "retrieved": "2026-11-01",
        }
    ],
    "creators": [{"name": "Kristen Gorman", "url": None}],
    "changelog": [{"version": "1.0.0", "date": "2026-11-02", "note": "First release."}],
    "questions": [
        "Which two measurements tell the species apart?",
        "How much do the flippers of one species differ?",
        "Did they change over the years?",
    ],
    "caveats": ["One bird has no measurements at all."],
    "credit": {"curator": "Dataset Daily", "hat_tip": "Allison Horst"},
    "chart_alt": "Bill length of three species as bars.",
}


@dataclass(frozen=True)
class _Read:
    """What becomes of a CSV text, whichever table it is of."""

    columns: list[dict[str, Any]]
    rows: list[dict[str, Any]]
    profile: dict[str, Any]
    parquet: bytes


@cache
def _read(text: str) -> _Read:
    """Read by DuckDB, and profiled: the same text is read once."""
    with TemporaryDirectory() as folder, duckdb.connect() as connection:
        source = Path(folder, "source.csv")
        source.write_text(text, encoding="utf-8")
        connection.read_csv(str(source), header=True).create("t")
        read = [(row[0], TYPES.get(row[1], "string")) for row in _rows(connection, "DESCRIBE t")]
        names = [column for column, _ in read]
        found = [dict(zip(names, row, strict=True)) for row in _rows(connection, "FROM t")]
        rows = json.loads(json.dumps(found, default=str))
        parquet = Path(folder, "t.parquet")
        connection.execute(f"COPY t TO '{parquet}' (FORMAT parquet)")
        return _Read(
            columns=[_column(column, type_) for column, type_ in read],
            rows=rows,
            profile=profile_table(connection, "t", read),
            parquet=parquet.read_bytes(),
        )


def table(storage: Storage, name: str, text: str, position: int = 0) -> Table:
    """A table that was read and profiled, and stored in its three formats."""
    read = deepcopy(_read(text))  # a test may change what it was given
    return Table(
        position=position,
        name=name,
        columns=read.columns,
        origin=f"{name}.csv",
        rows=len(read.rows),
        preview=[list(row.values()) for row in read.rows[:20]],
        profile=read.profile,
        files={
            "csv": _file(storage, text.encode(), ".csv"),
            "json": _file(storage, json.dumps(read.rows).encode(), ".json"),
            "parquet": _file(storage, read.parquet, ".parquet"),
        },
    )


def issue(
    session: Session,
    version: Version,
    day: date = MONDAY,
    state: IssueState = IssueState.SENT,
    **values: Any,
) -> Issue:
    """An issue on ``version``; unless it is planned it is frozen, at nine that morning."""
    frozen = None
    if state not in (IssueState.PLANNED, IssueState.LATE):
        frozen = datetime(day.year, day.month, day.day, 9, tzinfo=UTC)
        values.setdefault("page", f"<!doctype html><title>{day}</title><h1>{version.title}</h1>")
    made = Issue(
        date=day, state=state, version=version, created_at=LONG_AGO, frozen_at=frozen, **values
    )
    session.add(made)
    session.flush()
    return made


def post(
    session: Session,
    version: Version,
    slug: str = "penguins-who-is-who",
    state: PostState = PostState.PUBLISHED,
    cells: Sequence[Cell] = CELLS,
    **written: Any,
) -> Post:
    """A post on the first table of ``version``, which ran the day before it was published."""
    first = version.tables[0]
    values: dict[str, Any] = {
        "title": "Who is who among the penguins",
        "question": "Which two measurements tell the species apart?",
        "author": "Ada Example",
        "license": "MIT",
        "language": "python",
        "requires": ["pandas==2.3.3"],
        "data": {first.name: first.files["csv"]["sha256"]},
        "form": "md",
        "source_key": f"{sha256(slug.encode()).hexdigest()}.md",
        "columns": ["species", "bill_mm"],
        "digest": "0" * 64,
        "created_at": LONG_AGO,
        "modified_at": LONG_AGO,
        "published_at": None if state is PostState.DRAFT else TUESDAY,
    }
    kept = as_json(cells)
    words = " ".join(str(value) for value in (*values.values(), *written.values(), kept))
    made = Post(
        slug=slug, version=version, state=state, cells=kept, words=words.casefold(),
        **(values | written),
    )  # fmt: skip
    if "runs" not in written:
        made.runs.append(run(made))
    session.add(made)
    session.flush()
    return made


def run(post: Post, status: RunStatus = RunStatus.RAN, **values: Any) -> PostRun:
    """That ``post`` ran, as it stands."""
    said: dict[str, Any] = {
        "at": TUESDAY - timedelta(days=1),
        "seconds": 1.5,
        "versions": {"pandas": "2.3.3", "python": "3.12.3"},
        "source": post.source_key.partition(".")[0],
    }
    return PostRun(status=status, **(said | values))


def submission(
    session: Session, storage: Storage, on: Version, content: bytes | None = b"{}", **said: Any
) -> Submission:
    """Code on the dataset of a version, as a notebook of ``content`` and a link; it waits."""
    values: dict[str, Any] = {
        "kind": SubmissionKind.CODE,
        "title": "Bills tell them apart",
        "about": "Two measurements are enough to tell the three species apart.",
        "name": "Bo Berg",
        "license": "MIT",
        "link": "https://example.org/bo/bills",
        "address": "bo@example.org",
        "file_key": store(storage, content, ".ipynb.offered") if content is not None else None,
        "file_name": "bills.ipynb" if content is not None else None,
        "dataset": on.dataset,
        "created_at": LONG_AGO,
    }
    made = Submission(**(values | said))
    session.add(made)
    session.flush()
    return made


def subscriber(
    session: Session, signer: Signer, address: str, status: Status = Status.ACTIVE, **values: Any
) -> Subscriber:
    parsed = parse_address(address)
    made = Subscriber(
        address=str(parsed),
        address_key=address_key(parsed),
        address_hash=address_hash(signer, parsed),
        status=status,
        created_at=LONG_AGO,
        confirmed_at=LONG_AGO + timedelta(hours=1) if status is not Status.PENDING else None,
        **values,
    )
    session.add(made)
    session.flush()
    return made


def store(storage: Storage, content: bytes, suffix: str) -> str:
    """Keep ``content`` where ``Storage.put`` would, without its care for the disk; its key."""
    key = sha256(content).hexdigest() + Path(f"source{suffix}").suffix
    place = storage.path(key)
    place.parent.mkdir(parents=True, exist_ok=True)
    place.write_bytes(content)
    return key


def png(width: int = 60, height: int = 40) -> bytes:
    """A white picture."""
    lines = (b"\0" + b"\xff" * width) * height
    header = struct.pack(">IIBBBBB", width, height, 8, 0, 0, 0, 0)
    chunks = ((b"IHDR", header), (b"IDAT", zlib.compress(lines)), (b"IEND", b""))
    return b"\x89PNG\r\n\x1a\n" + b"".join(
        struct.pack(">I", len(body)) + kind + body + struct.pack(">I", zlib.crc32(kind + body))
        for kind, body in chunks
    )


def _file(storage: Storage, content: bytes, suffix: str) -> dict[str, Any]:
    return {
        "key": store(storage, content, suffix),
        "bytes": len(content),
        "sha256": sha256(content).hexdigest(),
    }


def _column(name: str, type_: str) -> dict[str, Any]:
    unit = "mm" if name.endswith("_mm") else None
    return {
        "name": name,
        "type": type_,
        "unit": unit,
        "description": f"The {name} of it.",
        "categories": [],
    }


def _rows(connection: duckdb.DuckDBPyConnection, query: str) -> Sequence[tuple[Any, ...]]:
    return connection.execute(query).fetchall()


def workbook(folder: Path, *sheets: str) -> Path:
    """A spreadsheet with a small table in each of ``sheets``."""
    book = openpyxl.Workbook()
    book.remove(book.worksheets[0])
    for number, name in enumerate(sheets):
        sheet = book.create_sheet(name)
        sheet.append(["bank", "seals"])
        for row in range(3):
            sheet.append([f"Sand {row}", 10 * number + row])
    path = folder / "sheets.xlsx"
    book.save(path)
    return path
