"""Code that loads a table, ready to paste: each loader runs as printed, and gives each column
the type that the dataset says it has.

What can reads the Parquet, which knows its types: text that looks like a number stays text, and
NA, the code of Namibia, a value. DuckDB reads a web address only through its httpfs extension,
which it would have to download, and Polars only from a server that answers range requests,
which a proxy may take away: their loaders fetch the file whole by other means, so that they
work wherever the address does. Those of R and Julia read the CSV, and state what would be
guessed otherwise.
"""

import json
import re
from collections.abc import Sequence
from dataclasses import dataclass
from textwrap import dedent

# As readr writes them; its own whole numbers end at 2,147,483,647.
R_TYPES = {"integer": "d", "number": "d", "boolean": "l", "date": "D", "datetime": "T", "time": "t"}
MOST_STATED = 60  # columns; more would be longer than what is pasted


@dataclass(frozen=True)
class Loader:
    """One way to load a table. ``highlight`` is the language as Pygments knows it."""

    language: str
    label: str
    code: str
    highlight: str


def table_url(base_url: str, slug: str, version: str, table: str, extension: str) -> str:
    """Where a version's table is served, for good: ``extension`` is csv, parquet or json."""
    return f"{base_url.rstrip('/')}/datasets/{slug}/v/{version}/{table}.{extension}"


def loaders(
    base_url: str, slug: str, version: str, table: str, types: Sequence[str]
) -> list[Loader]:
    """Every loader of a table, the most used first. ``types`` are those of its columns, in the
    words of Table Schema."""
    csv = table_url(base_url, slug, version, table, "csv")
    parquet = table_url(base_url, slug, version, table, "parquet")
    rows = table_url(base_url, slug, version, table, "json")
    name = variable(table)
    return [
        Loader("python", "pandas", _pandas(name, parquet), "python"),
        Loader("python", "Polars", _polars(name, parquet), "python"),
        Loader("python", "DuckDB", _duckdb(name, parquet), "python"),
        Loader("sql", "DuckDB SQL", _duckdb_sql(name, table, parquet), "bash"),
        Loader("r", "R", _r(name, csv, types), "r"),
        Loader("julia", "Julia", _julia(name, csv, types), "julia"),
        Loader("javascript", "JavaScript", _javascript(name, rows), "javascript"),
        Loader("shell", "curl", f"curl --fail --location --remote-name {csv}\n", "bash"),
    ]


def variable(table: str) -> str:
    """A name for the table's rows that every one of the languages accepts and none reserves."""
    words = re.sub(r"\W+", "_", table, flags=re.ASCII).strip("_")
    return words if re.match(r"[a-z]", words) and words not in RESERVED else f"table_{words}"


# Reserved in one of Python, R, Julia, JavaScript and SQL, or used by the code itself.
_RESERVED = """
    abstract all and any array as asc assert async await begin break by case cast catch class code
    columns const continue copy create cross csv data dataframe date debugger def default delete
    desc distinct do duckdb elif else elseif end enum eval except export extends false fetch final
    finally for foreach from function global grant group having http if import in inner instanceof
    int interface intersect into is join lambda left let library like limit local macro module
    mutable natural new none not null of offset on or order out outer package pandas parquet pass
    pd pl polars print private protected public quote raise read readr repeat response return right
    select static struct super switch table then this throw to trailing true try type typeof union
    unique url urllib urlopen urlretrieve using var void when where while window with yield
"""
RESERVED = frozenset(_RESERVED.split())


def _pandas(name: str, url: str) -> str:
    return _code(f"""
        import pandas as pd

        {name} = pd.read_parquet({_text(url)}, dtype_backend="pyarrow")
        print({name}.head())
        """)


def _polars(name: str, url: str) -> str:
    return _code(f"""
        from urllib.request import urlopen

        import polars as pl

        {name} = pl.read_parquet(urlopen({_text(url)}).read())
        print({name}.head())
        """)


def _duckdb(name: str, url: str) -> str:
    file = url.rsplit("/", 1)[1]
    return _code(f"""
        from urllib.request import urlretrieve

        import duckdb

        urlretrieve({_text(url)}, {_text(file)})
        {name} = duckdb.read_parquet({_text(file)})
        print({name}.limit(5))
        """)


def _duckdb_sql(name: str, table: str, url: str) -> str:
    file = f"{table}.parquet"
    return _code(f"""
        curl --fail --location --remote-name {url}
        duckdb -c "CREATE TABLE {name} AS FROM '{file}'; FROM {name} LIMIT 5;"
        """)


def _r(name: str, url: str, types: Sequence[str]) -> str:
    stated = ""
    if len(types) <= MOST_STATED:
        stated = f', col_types = "{"".join(R_TYPES.get(type_, "c") for type_ in types)}"'
    return _code(f"""
        library(readr)

        {name} <- read_csv({_text(url)}, na = ""{stated})
        print({name})
        """)


def _julia(name: str, url: str, types: Sequence[str]) -> str:
    texts = [f"{at} => String" for at, type_ in enumerate(types, start=1) if type_ == "string"]
    stated = f"; types=Dict({', '.join(texts)})" if 0 < len(texts) <= MOST_STATED else ""
    return _code(f"""
        using CSV, DataFrames, Downloads

        {name} = CSV.read(Downloads.download({_text(url)}), DataFrame{stated})
        first({name}, 5)
        """)


def _javascript(name: str, url: str) -> str:
    return _code(f"""
        const response = await fetch({_text(url)});
        const {name} = await response.json();
        console.log({name}.slice(0, 5));
        """)


def _code(block: str) -> str:
    return dedent(block).lstrip("\n")


def _text(value: str) -> str:
    """``value`` between double quotes, as all of the languages write it."""
    return json.dumps(value)
