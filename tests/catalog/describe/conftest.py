"""A dataset of two tables whose files are really served."""

import hashlib
import threading
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, date, datetime
from functools import partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import duckdb
import pytest

from newsletter.catalog.describe.facts import (
    ColumnFacts,
    DatasetFacts,
    FileFacts,
    ForeignKeyFacts,
    Party,
    SourceFacts,
    TableFacts,
)
from newsletter.tables.profiling.profile import profile_table

BIRDS = """id,species,mass,length,tagged,seen,at,hour,origin
1,Adelie,3750,39.1,true,2007-11-11,2007-11-11T08:00:00,08:00:00,T
2,Gentoo,,46.1,false,2008-01-02,2008-01-02T09:30:00,09:30:00,B
3,"Chin, strap",3500,,,,,,B
4,Émile,3300,36.7,true,2009-11-11,2009-11-11T10:00:00,10:00:00,T
"""
ISLANDS = "code,name\nT,Torgersen\nB,Biscoe\n"
SPECIES = ("Adelie", "Gentoo", "Chin, strap", "Émile")
BIRD_COLUMNS = (
    ColumnFacts("id", "integer", "A number for each bird."),
    ColumnFacts("species", "string", "Its species.", categories=SPECIES),
    ColumnFacts("mass", "integer", "Its mass.", "g"),
    ColumnFacts("length", "number", None, "mm"),
    ColumnFacts("tagged", "boolean"),
    ColumnFacts("seen", "date"),
    ColumnFacts("at", "datetime"),
    ColumnFacts("hour", "time"),
    ColumnFacts("origin", "string", "Its island."),
)
ISLAND_COLUMNS = (ColumnFacts("code", "string"), ColumnFacts("name", "string", "Its name."))


class Quiet(SimpleHTTPRequestHandler):
    def log_message(self, *arguments: object) -> None:
        """Says nothing."""


@pytest.fixture
def site(tmp_path: Path) -> Iterator[tuple[Path, str]]:
    """A folder and the address that serves it."""
    folder = tmp_path / "site"
    folder.mkdir()
    with ThreadingHTTPServer(("127.0.0.1", 0), partial(Quiet, directory=str(folder))) as server:
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        yield folder, f"http://127.0.0.1:{server.server_port}"
        server.shutdown()
        thread.join()


def table(
    site: tuple[Path, str], name: str, text: str, columns: tuple[ColumnFacts, ...]
) -> TableFacts:
    """The facts of a table whose CSV is ``text``, profiled, and served by ``site``."""
    folder, address = site
    path = folder / f"{name}.csv"
    path.write_text(text, encoding="utf-8")
    raw = path.read_bytes()
    file = FileFacts("csv", f"{address}/{name}.csv", len(raw), hashlib.sha256(raw).hexdigest())
    with duckdb.connect() as connection:
        connection.execute(f"CREATE TABLE t AS FROM read_csv('{path}')")
        types = [(column.name, column.type) for column in columns]
        profile = profile_table(connection, "t", types)
    described = tuple(
        replace(column, profile=found)
        for column, found in zip(columns, profile["columns"], strict=True)
    )
    return TableFacts(name, profile["rows"], described, (file,))


@pytest.fixture
def facts(site: tuple[Path, str]) -> DatasetFacts:
    birds = replace(
        table(site, "birds", BIRDS, BIRD_COLUMNS),
        description="One row a bird.",
        primary_key=("id",),
        foreign_keys=(ForeignKeyFacts(("origin",), "islands", ("code",)),),
    )
    palmer = SourceFacts("Palmer data", "https://example.org/palmer", "LTER", date(2026, 11, 1))
    page = "https://news.example.org/datasets/birds"
    return DatasetFacts(
        slug="birds",
        version="1.2.0",
        title="Birds of an archipelago",
        description="Measurements of **birds** on three islands, taken over three summers.",
        summary="Bills and masses of birds",
        license="CC0-1.0",
        url=page,
        version_url=f"{page}/v/1.2.0/",
        published=datetime(2026, 11, 23, 8, 0, tzinfo=UTC),
        modified=datetime(2026, 11, 24, 8, 0, tzinfo=UTC),
        publisher=Party("Dataset Daily", "https://news.example.org", "hello@news.example.org"),
        catalog_title="Dataset Daily",
        catalog_url="https://news.example.org/datasets/",
        citation="Gorman, K. (2026). Birds of an archipelago.",
        tables=(birds, table(site, "islands", ISLANDS, ISLAND_COLUMNS)),
        keywords=("birds", "antarctica"),
        creators=(Party("Kristen Gorman", "https://example.org/kg"), Party("LTER")),
        sources=(palmer,),
        temporal="2007/2009",
        spatial="Palmer Archipelago",
    )


@pytest.fixture
def bare(facts: DatasetFacts) -> DatasetFacts:
    """The same with nothing that may be left out."""
    tables = tuple(
        replace(
            table,
            description=None,
            primary_key=(),
            foreign_keys=(),
            columns=tuple(ColumnFacts(column.name, column.type) for column in table.columns),
        )
        for table in facts.tables
    )
    return replace(
        facts, tables=tables, keywords=(), creators=(), sources=(), temporal=None, spatial=None
    )
