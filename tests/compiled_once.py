"""Templates and statements are compiled once in a test process, not once for each test.

Each test has an app and a database of its own, and each of them compiles anew what it uses:
half of the time of a test of a page.
"""

from typing import Any, ClassVar

import pytest
from flask import Flask
from jinja2 import BytecodeCache
from jinja2.bccache import Bucket
from sqlalchemy import Engine
from sqlalchemy.dialects.postgresql.psycopg import PGDialect_psycopg
from sqlalchemy.dialects.sqlite.pysqlite import SQLiteDialect_pysqlite
from sqlalchemy.util import LRUCache

from newsletter.db import Database


def keep_what_is_compiled(patch: pytest.MonkeyPatch) -> None:
    """For all apps and databases that are made until ``patch`` is undone."""
    patch.setattr(Flask, "jinja_options", Flask.jinja_options | {"bytecode_cache": _InMemory()})
    # A compiled statement is kept for a dialect; those of one kind say the same.
    for dialect in (SQLiteDialect_pysqlite, PGDialect_psycopg):
        patch.setattr(dialect, "__hash__", lambda self: hash(type(self)))
        patch.setattr(dialect, "__eq__", lambda self, other: type(self) is type(other))
    statements: LRUCache[Any, Any] = LRUCache(5_000)
    make = Database._engine

    def with_statements(database: Database, *args: Any, **kwargs: Any) -> Engine:
        engine = make(database, *args, **kwargs)
        engine._compiled_cache = statements
        return engine

    patch.setattr(Database, "_engine", with_statements)


class _InMemory(BytecodeCache):
    """Jinja's cache of compiled templates, by name and by what stands in the file."""

    kept: ClassVar[dict[str, Any]] = {}

    def load_bytecode(self, bucket: Bucket) -> None:
        bucket.code = self.kept.get(bucket.key + bucket.checksum)

    def dump_bytecode(self, bucket: Bucket) -> None:
        self.kept[bucket.key + bucket.checksum] = bucket.code
