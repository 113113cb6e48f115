"""Addresses that open a table elsewhere in the browser, without an account.

Each of these pages fetches the file from here itself: it has to be readable by
any origin, and over https.
"""

from dataclasses import dataclass
from urllib.parse import quote

from newsletter.catalog.describe.loaders import table_url, variable

DATASETTE_LITE = "https://lite.datasette.io/"
DUCKDB_SHELL = "https://shell.duckdb.org/"


@dataclass(frozen=True, slots=True)
class Explorer:
    label: str
    url: str
    note: str


def explorers(base_url: str, slug: str, version: str, table: str) -> list[Explorer]:
    """Where a version's table can be looked into; none while the site is not on https."""
    if not base_url.startswith("https://"):
        return []
    csv = table_url(base_url, slug, version, table, "csv")
    parquet = table_url(base_url, slug, version, table, "parquet")
    return [
        Explorer(
            "Datasette Lite", f"{DATASETTE_LITE}?csv={quote(csv, safe='')}", "facets and SQLite SQL"
        ),
        Explorer("DuckDB shell", _shell(variable(table), parquet), "SQL on the Parquet file"),
    ]


def _shell(name: str, parquet: str) -> str:
    """The shell's own form of an address: ``-`` for a space and a space for ``-``, each query
    ended by ``~`` and parted by a comma."""
    path = parquet.replace("'", "''")
    queries = (
        f"CREATE TABLE {name} AS FROM '{path}'",
        f"SUMMARIZE {name}",
        f"FROM {name} LIMIT 20",
    )
    swapped = str.maketrans({" ": "-", "-": " "})
    written = ",".join(f"{quote(query.translate(swapped), safe='*')}~" for query in queries)
    return f"{DUCKDB_SHELL}#queries=v0,{written}"
