"""The one place that knows which file ``../data/<file>`` in a post's code stands for.

A post stands in ``datasets/<slug>/posts/`` and reads its folder's files. Wherever readers
see it, the same text is the address of the version's published file, so that it runs there.
"""

import re
from collections.abc import Mapping

PATH = re.compile(r"\.\./data/([A-Za-z0-9_][-A-Za-z0-9_./]*[A-Za-z0-9])")


def published_as(tables: Mapping[str, str]) -> dict[str, tuple[str, str]]:
    """``{file of the folder's data/: (table, "csv" | "parquet")}`` for ``tables``, which maps
    each table's name to the name of the file that it was read from.

    A table may also be named as readers know it: ``<table>.csv`` and ``<table>.parquet``.
    """
    files = {f"{table}.{kind}": (table, kind) for table in tables for kind in ("csv", "parquet")}
    origins = list(tables.values())
    for table, origin in tables.items():
        if origin and origins.count(origin) == 1:  # several tables of one file have no address
            kind = "parquet" if origin.endswith(".parquet") else "csv"
            files[origin] = (table, kind)
    return files


def with_addresses(text: str, addresses: Mapping[str, str]) -> str:
    """``text`` with its address for each ``../data/<file>``, of ``addresses`` by the file.

    A file that has none is left as it is written.
    """
    return PATH.sub(lambda path: addresses.get(path[1], path[0]), text)
