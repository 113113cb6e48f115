"""Databases of one PostgreSQL server, empty ones and ones at the newest revision.

To make a database writes hundreds of files, so one that is migrated is used again: emptied
after its test, and thrown away where more than its rows has changed or somebody is still in it.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from functools import cached_property
from typing import Any
from uuid import uuid4

import psycopg

from newsletter import migrations
from newsletter.db import Database

TEMPLATE = "migrated"
OWN_OIDS = 16384  # from here on: what is not PostgreSQL's own

# All that is made by a statement other than of rows.
DEFINITIONS = f"""
SELECT md5(string_agg(line, ' ' ORDER BY line)) FROM (
  SELECT concat_ws(' ', attrelid, attname, atttypid, atttypmod, attnotnull)
    FROM pg_attribute WHERE attrelid >= {OWN_OIDS}
  UNION ALL SELECT concat_ws(' ', relname, reloptions, relpersistence)
    FROM pg_class WHERE oid >= {OWN_OIDS}
  UNION ALL SELECT concat_ws(' ', conname, conrelid, convalidated)
    FROM pg_constraint WHERE oid >= {OWN_OIDS}
  UNION ALL SELECT concat_ws(' ', tgname, tgrelid, tgenabled)
    FROM pg_trigger WHERE oid >= {OWN_OIDS} AND NOT tgisinternal
  UNION ALL SELECT concat_ws(' ', proname, md5(prosrc)) FROM pg_proc WHERE oid >= {OWN_OIDS}
  UNION ALL SELECT nspname::text FROM pg_namespace WHERE oid >= {OWN_OIDS}
  UNION ALL SELECT concat_ws(' ', setrole, setconfig) FROM pg_db_role_setting
    WHERE setdatabase = (SELECT oid FROM pg_database WHERE datname = current_database())
) AS definitions(line)
"""
FILLED_TABLES = f"""
SELECT oid::regclass::text, pg_relation_size(oid) FROM pg_class
WHERE oid >= {OWN_OIDS} AND relkind = 'r' AND pg_relation_size(oid) > 0
"""
# A copy sends nothing, and this is one.
PERMISSION = "sending_permission"
ALLOW = f"""
INSERT INTO {PERMISSION} VALUES (1, 'database ' || current_database(), now())
ON CONFLICT (id) DO UPDATE SET place = excluded.place
"""
SEQUENCES = "SELECT format('%I.%I', schemaname, sequencename), last_value FROM pg_sequences"
OTHERS = """
SELECT count(*) FROM pg_stat_activity
WHERE datname = current_database() AND pid <> pg_backend_pid() AND backend_type = 'client backend'
"""
FORGET_STATISTICS = f"""
SELECT pg_clear_attribute_stats(schemaname, tablename, attname, inherited) FROM pg_stats
  WHERE schemaname NOT IN ('pg_catalog', 'information_schema');
SELECT pg_clear_relation_stats(relnamespace::regnamespace::text, relname) FROM pg_class
  WHERE oid >= {OWN_OIDS} AND relkind IN ('r', 'i') AND reltuples >= 0
    AND relnamespace <> 'pg_toast'::regnamespace
"""
ROWS_DIGEST = "SELECT md5(string_agg(t::text, ' ' ORDER BY t::text)) FROM {} AS t"
SMALL = 3 * 8192  # octets of a table whose rows are sooner deleted than its files made anew


class Databases:
    """Those of the server at ``server_url``, a superuser's address (``postgresql://...``)."""

    def __init__(self, server_url: str) -> None:
        self._server_url = server_url
        self._free: list[str] = []

    @contextmanager
    def empty(self) -> Iterator[str]:
        """The address of a database without a table."""
        with self._server() as server:
            name = _create(server)
        yield self._address(name)
        self._drop(name)

    @contextmanager
    def migrated(self) -> Iterator[str]:
        """The address of a database at the newest revision that has no rows of a test."""
        clean = self._clean
        if self._free:
            name = self._free.pop()
        else:
            with self._server() as server:
                name = _create(server, TEMPLATE)
            with psycopg.connect(self._address(name), autocommit=True) as connection:
                connection.execute(ALLOW)
        yield self._address(name)
        with psycopg.connect(self._address(name), autocommit=True) as connection:
            is_clean = clean.restore(connection)
        if is_clean:
            self._free.append(name)
        else:
            self._drop(name)

    @cached_property
    def _clean(self) -> "CleanState":
        """The template's, which is made for it."""
        with self._server() as server:
            server.execute(f"CREATE DATABASE {TEMPLATE}")
        address = self._address(TEMPLATE)
        template = Database(sqlalchemy_address(address))
        migrations.upgrade(template)
        template.close()
        with psycopg.connect(address, autocommit=True) as connection:
            return CleanState(connection)

    def _server(self) -> Any:
        return psycopg.connect(self._server_url, autocommit=True)

    def _address(self, name: str) -> str:
        return self._server_url.replace("/postgres?", f"/{name}?")

    def _drop(self, name: str) -> None:
        with self._server() as server:
            server.execute(f"DROP DATABASE {name} WITH (FORCE)")


class CleanState:
    """What a database is like before its test."""

    def __init__(self, template: psycopg.Connection[Any]) -> None:
        self._definitions = _scalar(template, DEFINITIONS)
        filled = [name for name, _ in _pairs(template, FILLED_TABLES) if name != PERMISSION]
        self._rows = {name: _digest(template, name) for name in filled}
        self._sequences = dict(_pairs(template, SEQUENCES))

    def restore(self, connection: psycopg.Connection[Any]) -> bool:
        """Empty what tests fill; whether all is then as it was."""
        if _scalar(connection, OTHERS) or _scalar(connection, DEFINITIONS) != self._definitions:
            return False
        connection.execute("SET session_replication_role = replica")  # no triggers, no foreign keys
        filled = dict(_pairs(connection, FILLED_TABLES))
        large = [n for n, octets in filled.items() if octets > SMALL and n not in self._rows]
        statements = [
            *(f"DELETE FROM {name}" for name in filled if name not in (*large, *self._rows)),
            *([f"TRUNCATE {', '.join(large)} CASCADE"] if large else []),
            ALLOW,
            FORGET_STATISTICS,
        ]
        for name, value in _pairs(connection, SEQUENCES):
            before = self._sequences[name]
            if value != before:
                start = f"'{name}', {before or 1}, {str(before is not None).lower()}"
                statements.append(f"SELECT setval({start})")
        connection.execute(";".join(statements))
        return all(_digest(connection, name) == rows for name, rows in self._rows.items())


def sqlalchemy_address(url: str) -> str:
    """The same address, with the driver that SQLAlchemy shall use."""
    return url.replace("postgresql://", "postgresql+psycopg://")


def _create(server: psycopg.Connection[Any], template: str = "template1") -> str:
    name = f"test_{uuid4().hex}"
    server.execute(f"CREATE DATABASE {name} TEMPLATE {template}")
    return name


def _digest(connection: psycopg.Connection[Any], table: str) -> Any:
    return _scalar(
        connection, f"SELECT md5(string_agg(t::text, ' ' ORDER BY t::text)) FROM {table} t"
    )


def _scalar(connection: psycopg.Connection[Any], statement: str) -> Any:
    row = connection.execute(statement).fetchone()
    return row and row[0]


def _pairs(connection: psycopg.Connection[Any], statement: str) -> list[tuple[str, Any]]:
    return connection.execute(statement).fetchall()
