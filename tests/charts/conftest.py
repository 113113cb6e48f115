"""Profiles and rows of small tables of each shape."""

from collections.abc import Callable, Mapping, Sequence
from datetime import date, timedelta
from typing import Any

import duckdb
import polars as pl
import pytest

from newsletter.tables.profiling.profile import profile_table

Table = Mapping[str, tuple[str, Sequence[Any]]]
POLARS_TYPES = {"string": pl.String, "integer": pl.Int64, "number": pl.Float64,
                "boolean": pl.Boolean, "date": pl.Date, "datetime": pl.Datetime}  # fmt: skip

SPECIES = ["Adelie", "Gentoo", "Chinstrap"]
TABLES: dict[str, Table] = {
    "line": {
        "day": ("date", [date(2020, 1, 1) + timedelta(at) for at in range(60)]),
        "level_m": ("number", [100 + at % 17 for at in range(60)]),
    },
    "years": {
        "year": ("integer", list(range(1900, 1960))),
        "flow": ("integer", [1000 + 7 * at % 300 for at in range(60)]),
    },
    "map": {
        "name": ("string", [f"place {at}" for at in range(40)]),
        "lat": ("number", [40 + at / 10 for at in range(40)]),
        "lon": ("number", [-75 - at / 10 for at in range(40)]),
    },
    "scatter": {
        "species": ("string", [SPECIES[at % 3] for at in range(60)]),
        "bill_length_mm": ("number", [30 + at % 20 + 0.5 for at in range(60)]),
        "bill_depth_mm": ("number", [13 + at % 12 + 0.1 for at in range(60)]),
    },
    "groups": {
        "species": ("string", [SPECIES[at % 3] for at in range(60)]),
        "mass_g": ("integer", [3000 + 50 * (at % 30) for at in range(60)]),
    },
    "ranking": {
        "country": ("string", [f"country {at}" for at in range(30)]),
        "income": ("number", [1000.5 * at for at in range(30)]),
    },
    "histogram": {"mass_g": ("integer", [3000 + 50 * (at % 30) for at in range(60)])},
    "bars": {"species": ("string", [SPECIES[at % 5 % 3] for at in range(60)])},
    "flags": {"late": ("boolean", [at % 3 == 0 for at in range(60)])},
}


def profile_of(table: Table) -> dict[str, Any]:
    frame = pl.DataFrame(
        {name: list(values) for name, (_, values) in table.items()},
        {name: POLARS_TYPES[kind] for name, (kind, _) in table.items()},
        strict=False,
    )
    with duckdb.connect() as connection:
        connection.register("given", frame.to_arrow())  # which only this connection sees
        connection.execute("CREATE TABLE t AS FROM given")
        return profile_table(connection, "t", [(name, kind) for name, (kind, _) in table.items()])


def rows_of(table: Table) -> list[dict[str, Any]]:
    columns = [values for _, values in table.values()]
    return [dict(zip(table, row, strict=True)) for row in zip(*columns, strict=True)]


@pytest.fixture(scope="session")
def profiled() -> Callable[[Table], dict[str, Any]]:
    return profile_of


@pytest.fixture(params=list(TABLES))
def table(request: pytest.FixtureRequest) -> tuple[str, dict[str, Any], list[dict[str, Any]]]:
    """The name of a shape, a table's profile and its rows."""
    shape: str = request.param
    return shape, profile_of(TABLES[shape]), rows_of(TABLES[shape])
