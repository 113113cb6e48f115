"""Finding entries, and taking them away."""

import csv
import json
from datetime import UTC, datetime, timedelta

import pytest

from newsletter.audit import chain, reading
from newsletter.audit.chain import Actor
from newsletter.audit.reading import Filter
from newsletter.db import Database
from newsletter.tokens import Signer

NOW = datetime(2026, 11, 23, 9, tzinfo=UTC)
SIGNER = Signer("a secret for the tests, 0123456789")


@pytest.fixture
def filled(db: Database) -> Database:
    for n, (who, action, target) in enumerate(
        [
            ("ada@example.org", "issues.plan", "2026-11-30"),
            ("ben@example.org", "curators.remove", "3"),
            ("ada@example.org", "datasets.publish", "penguins_50%"),
            ("root", "db check", "=cmd()"),
        ]
    ):
        with db.write() as session:
            actor = Actor(who, "192.0.2.1", action, target)
            chain.append(session, SIGNER, actor, [{"what": "x", "n": n}], NOW + timedelta(days=n))
    return db


@pytest.mark.parametrize(
    ("chosen", "numbers"),
    [
        (Filter(), [4, 3, 2, 1]),
        (Filter(who="ada@example.org"), [3, 1]),
        (Filter(words="REMOVE"), [2]),
        (Filter(words="s_50%"), [3]),
        (Filter(words="_"), [3]),
        (Filter(words="%"), [3]),
        (Filter(words="192.0.2.1", who="root"), [4]),
        (Filter(since=NOW + timedelta(days=1), until=NOW + timedelta(days=3)), [3, 2]),
        (Filter(words="nothing"), []),
    ],
)
def test_a_filter_leaves_what_was_asked_for(
    filled: Database, chosen: Filter, numbers: list[int]
) -> None:
    with filled.read() as session:
        page = reading.page(session, chosen, 1)
        assert [entry.number for entry in page.rows] == numbers
        assert [e.number for e in reading.latest(session, chosen, 2)] == numbers[:2]
        exported = [json.loads(line) for line in reading.lines(session, chosen, "ndjson")]
    assert [line["number"] for line in exported] == sorted(numbers)


def test_everybody_in_it_is_offered_once(filled: Database) -> None:
    with filled.read() as session:
        assert reading.people(session) == ["ada@example.org", "ben@example.org", "root"]


def test_an_export_has_all_that_the_chain_is_made_of(filled: Database) -> None:
    with filled.read() as session:
        first = json.loads(next(iter(reading.lines(session, Filter(), "ndjson"))))
    assert tuple(first) == reading.COLUMNS
    assert first["at"] == "2026-11-23T09:00:00+00:00"
    assert first["changes"] == [{"n": 0, "what": "x"}]


def test_a_spreadsheet_runs_no_cell_of_it(filled: Database) -> None:
    with filled.read() as session:
        rows = list(csv.DictReader(reading.lines(session, Filter(), "csv")))
    assert len(rows) == 4
    assert rows[3]["target"] == "'=cmd()"


def test_long_exports_come_in_parts(filled: Database, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(reading, "AT_ONCE", 2)
    with filled.read() as session:
        assert len(list(reading.lines(session, Filter(), "ndjson"))) == 4
