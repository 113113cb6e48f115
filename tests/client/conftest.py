"""A newsletter on loopback with a dataset in two versions and one of two tables, and a reader
of it with a cache of their own."""

import json
import shutil
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
import yaml
from werkzeug.serving import make_server

from newsletter.catalog.sync import Done, sync
from newsletter.installation import Installation
from newsletter.settings import Settings
from newsletter.web.app import create_app
from tests.functional.site import free_port
from tests.migrated import migrate

MONDAY = datetime(2026, 11, 23, 14, tzinfo=UTC)
KINDS = """\
word,count,exact,long,tame,day,moment,stamp,clock,note
NA,1,0.1,123456789012345678901234567890,true,2026-11-23,2026-11-23T09:00:00,2026-11-23T09:00:00Z,09:30:00,"a ""quoted"", one"
nan,9007199254740993,-1e-300,-1,false,0001-01-01,1969-12-31T23:59:59.123456,1969-12-31T23:59:59Z,23:59:59.5,"two
lines"
Åse,,inf,,,,,,,
null,-9223372036854775808,NaN,7,true,9999-12-31,2026-11-24T00:00:00,2026-11-24T00:00:00.5Z,00:00:00,x
"""  # noqa: E501 (a row is a line)
TYPES = {
    "word": "string",
    "count": "integer",
    "exact": "number",
    "long": "integer",
    "tame": "boolean",
    "day": "date",
    "moment": "datetime",
    "stamp": "datetime",
    "clock": "time",
    "note": "string",
}
WORDS: dict[str, Any] = {
    "summary": "A small table that has a column of each kind",
    "description": "Every kind of column that a table may have, with values at their edges.",
    "license": "CC0-1.0",
    "keywords": ["edges"],
    "sources": [{"title": "Made for a test", "url": "https://example.org/"}],
    "questions": ["What is it?", "Why is it?", "Where does it end?"],
}


@dataclass
class Served:
    """A site that counts what it is asked, and can be made to go wrong."""

    address: str
    requested: list[str] = field(default_factory=list)
    spoiled: dict[str, bytes] = field(default_factory=dict)  # what it says in place of a page
    failing: str = ""  # the status with which it answers everything

    def __call__(self, app: Any) -> Any:
        def answer(environ: dict[str, Any], start: Any) -> Any:
            path = environ["PATH_INFO"]
            self.requested.append(path)
            if self.failing:
                start(self.failing, [("Location", "ftp://127.0.0.1/x"), ("Content-Length", "0")])
                return []
            if path in self.spoiled:
                start("200 OK", [("Content-Length", str(len(self.spoiled[path])))])
                return [self.spoiled[path]]
            return app(environ, start)

        return answer


@pytest.fixture(scope="module")
def serving(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Served]:
    home = tmp_path_factory.mktemp("client")
    with newsletter(home) as (opened, served):
        one = {"lonely": ('value\n1\n""\n3\n', {"value": "integer"})}
        publish(opened, home, "lonely", "1.0.0", one)
        kinds = {"kinds": (KINDS, TYPES)}
        publish(opened, home, "kinds", "1.0.0", kinds, MONDAY + timedelta(days=7))
        more = {"kinds": (KINDS + "new,2,2.5,8,false,2026-01-01,,,,\n", TYPES)}
        publish(opened, home, "kinds", "1.1.0", more, MONDAY + timedelta(days=21))
        two = {name: (f"{name}\n1\n2\n", {name: "integer"}) for name in ("countries", "cities")}
        publish(opened, home, "world", "1.0.0", two, MONDAY + timedelta(days=14))
        yield served


@contextmanager
def newsletter(home: Path) -> Iterator[tuple[Installation, Served]]:
    """A newsletter in ``home`` that has published nothing yet, and its site."""
    port = free_port()
    served = Served(f"http://127.0.0.1:{port}")
    settings = Settings.load(
        {
            "NEWSLETTER_HOME": str(home),
            "NEWSLETTER_BASE_URL": served.address,
            "NEWSLETTER_POSTAL_ADDRESS": "1 Data Street, 10001 New York",
        }
    )
    opened = Installation.open(settings)
    migrate(opened.db)
    server = make_server("127.0.0.1", port, served(create_app(opened)), threaded=True)
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    try:
        yield opened, served
    finally:
        server.shutdown()
        thread.join()
        server.server_close()
        opened.db.close()


@pytest.fixture
def served(serving: Served, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Served]:
    """The site, and a reader whose cache is empty and who has named it."""
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    monkeypatch.setenv("NEWSLETTER_SITE", serving.address)
    serving.requested.clear()
    yield serving
    serving.spoiled.clear()
    serving.failing = ""


def publish(
    opened: Installation,
    home: Path,
    slug: str,
    version: str,
    tables: dict[str, tuple[str, dict[str, str]]],
    now: datetime = MONDAY,
) -> None:
    """Publish a version, whose tables are CSV texts with the types of their columns."""
    folder = home / "folders" / slug
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True)
    for name, (text, _) in tables.items():
        (folder / f"{name}.csv").write_text(text, encoding="utf-8")
    written = WORDS | {
        "title": f"The {slug} of a test",
        "version": version,
        "changelog": [{"version": version, "date": "2026-11-23", "note": "Made."}],
        "tables": [
            {
                "name": name,
                "file": f"{name}.csv",
                "columns": [
                    {"name": column, "type": type_, "description": f"The {column} of a row."}
                    for column, type_ in types.items()
                ],
            }
            for name, (_, types) in tables.items()
        ],
    }
    (folder / "dataset.yaml").write_text(yaml.safe_dump(json.loads(json.dumps(written))))
    (step,) = sync(opened.db, opened.storage, folder, now)
    assert step.done in {Done.ADDED, Done.CHANGED}, step.note
