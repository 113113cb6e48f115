"""A server that answers no more is noticed, in threads and in loops; one that takes long is not."""

import asyncio
import threading
import time
from collections.abc import Iterator
from contextlib import closing

import psycopg
import pytest
from sqlalchemy import make_url, text
from sqlalchemy.exc import OperationalError

from newsletter.db import Database, postgres
from newsletter.db.postgres import PATIENCE, WatchedAsyncConnection, patience
from newsletter.outages import is_away, summary
from tests.crash.swallowing import Path, path_to

AT_MOST = 30.0  # seconds, on a busy machine


@pytest.fixture
def swallowing(postgres_url: str, monkeypatch: pytest.MonkeyPatch) -> Iterator[tuple[Path, str]]:
    monkeypatch.setattr(postgres, "SILENT_SECONDS", 0.2)
    with path_to(postgres_url) as (path, url):
        patience_ends = threading.Timer(AT_MOST, path.close)
        patience_ends.start()
        yield path, f"{url}?connect_timeout=2"  # the least that libpq knows
        patience_ends.cancel()


def test_a_statement_that_nobody_answers_ends_as_if_the_server_had(
    swallowing: tuple[Path, str],
) -> None:
    path, url = swallowing
    with closing(Database(url)) as db:
        with db.read() as session:
            session.execute(text("SELECT 1"))
            path.swallow()
            began = time.monotonic()
            with pytest.raises(OperationalError) as error:
                session.execute(text("SELECT 2"))
        assert time.monotonic() - began < AT_MOST - 1
        assert is_away(error.value)
        assert summary(error.value) == "it does not answer"
        path.go_on()
        with db.read() as session:
            assert session.scalar(text("SELECT 3")) == 3


def test_so_does_one_of_a_loop(swallowing: tuple[Path, str]) -> None:
    path, url = swallowing

    async def ask(db: Database) -> None:
        address = db.url.set(drivername="postgresql").render_as_string(hide_password=False)
        connection = await WatchedAsyncConnection.connect(address)
        connection.probe = db.postgres.probe
        path.swallow()
        async with asyncio.timeout(AT_MOST):
            with pytest.raises(psycopg.OperationalError, match="it does not answer"):
                await connection.execute("SELECT 1")
        assert connection.closed

    with closing(Database(url)) as db:
        asyncio.run(ask(db))


def test_a_statement_that_takes_long_is_waited_for(swallowing: tuple[Path, str]) -> None:
    path, url = swallowing
    with closing(Database(url)) as db, db.read() as session:
        session.execute(text("SELECT pg_sleep(1)"))
    starts = [statement for statement in path.statements if "pg_sleep" in statement]
    assert len(starts) == 1


def test_cut_ends_what_is_waited_for(postgres_url: str) -> None:
    with closing(Database(postgres_url)) as db, db.read() as session:
        session.execute(text("SELECT 1"))
        db.cut()
        with pytest.raises(OperationalError) as error:
            session.execute(text("SELECT 2"))
        assert is_away(error.value)


def test_an_address_says_for_how_long_it_is_waited_for() -> None:
    assert patience(make_url("postgresql+psycopg://db/news")) == dict(PATIENCE)
    more = make_url("postgresql+psycopg://db/news?connect_timeout=30")
    assert "connect_timeout" not in patience(more)


def test_sqlite_has_none_of_it() -> None:
    with pytest.raises(TypeError, match="sqlite is not PostgreSQL"):
        Database("sqlite:///:memory:").postgres.direct()
