"""What was public is taken back: at no address, in no form is it served any more, and after a
day it is gone from storage; within the day it can be put back, whole.
"""

import json
import os
from collections.abc import Iterator
from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest
import time_machine
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import select

from newsletter.catalog import datasets, discarding
from newsletter.catalog.versions import changes
from newsletter.delivery.issue_run.freeze import freeze_issue
from newsletter.errors import Conflict
from newsletter.installation import Installation
from newsletter.issues import calendar
from newsletter.jobs.publishing import publish_due_issues
from newsletter.jobs.retention import erase_withdrawn, remove_discarded_files
from newsletter.models import DiscardedFile, Issue, Notice, Version
from newsletter.models.curator import Curator
from newsletter.models.dataset import Erratum, VersionState
from newsletter.models.issue import IssueState
from newsletter.models.submission import SubmissionState
from newsletter.posts.cells import Code, Figure, Text
from newsletter.services.datasets import withdrawing
from newsletter.storage.encodings import encoded
from newsletter.web.app import create_app
from tests import factories
from tests.conftest import BASE_URL
from tests.functional.public_walk import Walk, stored, text_of

NOW = datetime(2026, 11, 24, 9, 30, tzinfo=UTC)
NEXT_MONDAY = date(2026, 11, 30)
CANARY = "xylocanary"
REASON = "The owner asked us to take it down."
SEALS = f"bank,{CANARY}_kg,seals\n{CANARY} sand,3.5,10\nRobben,4.5,20\nTrischen,6.0,35\n"
LATER = SEALS.replace("35", "36") + "Knecht,5.5,12\n"
SHARED = "rock,birds\nStaple,400\nBass,90000\n"  # two datasets have the same bytes


@pytest.fixture
def house(installation: Installation) -> Installation:
    """Seals in two versions, of which one was wrong, with an issue that was mailed, a post, shared
    code, a comparison and compressed files; gannets, which share a table with them."""
    storage = installation.storage
    with time_machine.travel(NOW, tick=False), installation.db.write() as session:
        ada = {"address": "ada@example.org", "address_key": "ada@example.org"}
        session.add(Curator(password_hash="", created_at=NOW, **ada))
        words: dict[str, Any] = {
            "title": "Seals of the Wadden Sea",
            "keywords": ["seals", CANARY],
            "description": f"Each row is one bank. The {CANARY} was weighed by hand every summer.",
            "questions": [f"How heavy is the {CANARY} {n}?" for n in range(3)],
            "caveats": [f"The {CANARY} was a guess."],
            "chart_alt": f"{CANARY} as bars.",
            "chart_drawn": {"mark": "bar", "title": CANARY},
            "chart_png": factories.store(storage, factories.png(61), ".png"),
            "chart_svg": factories.store(storage, f"<svg>{CANARY}</svg>".encode(), ".svg"),
        }
        tables = {"seals": SEALS, "rocks": SHARED}
        first = factories.dataset(session, storage, "seals", tables, **words)
        second = factories.newer(session, storage, "seals", "1.1.0", LATER)
        for name, value in words.items():
            setattr(second, name, value)
        factories.dataset(session, storage, "gannets", {"gannets": SHARED}, title="Gannets")
        session.add(
            Erratum(
                version=first,
                corrected_by=second,
                note=f"The {CANARY} of one bank was wrong.",
                published_at=NOW,
            )
        )
        figure = Figure(factories.store(storage, factories.png(62), ".png"), 62, 40, CANARY)
        cell = Code("python", "print(1)", True, (Text(f"{CANARY} 3.5"), figure))
        notebook = factories.store(storage, json.dumps({"out": CANARY}).encode(), ".ipynb")
        factories.post(
            session, first, "heavy-seals", cells=(cell,), form="ipynb", source_key=notebook,
            title="Heavy seals", columns=[f"{CANARY}_kg"],
        )  # fmt: skip
        factories.submission(
            session, storage, second, state=SubmissionState.ACCEPTED, decided_at=NOW
        )
        sent = factories.issue(session, first, state=IssueState.PLANNED)
        freeze_issue(session, sent, installation.settings, storage, NOW)
        sent.state = IssueState.SENT
        correction = calendar.plan(session, NEXT_MONDAY, second, NOW.date(), NOW)
        assert correction.slot == "2026-11-30"
        assert changes.between(first, second, storage).tables
        for version in (first, second):
            encoded(storage, version.tables[0].files["csv"]["key"], "gzip")
    return installation


@pytest.fixture
def app(house: Installation) -> Iterator[Flask]:
    app = create_app(house)
    with time_machine.travel(NOW, tick=False):
        yield app
    app.extensions["shelf"].close()


@pytest.fixture
def walk(app: Flask, house: Installation) -> Walk:
    return Walk(app, house, word=CANARY[:6], keyword="seals", column="bank")


def get(app: Flask, path: str, status: int = 200) -> str:
    client: FlaskClient = app.test_client()
    answer = client.get(path, base_url=BASE_URL, buffered=True)
    assert answer.status_code == status, (path, answer.status_code)
    return text_of(answer)


def withdraw(house: Installation, number: str | None = None) -> withdrawing.Effects:
    with house.db.write() as session:
        return withdrawing.withdraw(session, "seals", REASON, NOW, number)


def the_day_passes(house: Installation) -> None:
    """Run what the clock does, a day and more later: the files were put long before."""
    later = NOW + timedelta(days=1, minutes=1)
    for path in house.storage.root.rglob("*.*"):
        os.utime(path, (NOW.timestamp(), NOW.timestamp()))
    erase_withdrawn(house, later)
    remove_discarded_files(house, later)


def with_canary(walk: Walk) -> dict[str, int]:
    return {
        path: answer.status_code for path, answer in walk.answers() if CANARY in text_of(answer)
    }


def answers(walk: Walk) -> dict[str, tuple[int, str]]:
    """Of pages without a form, which has the moment in it."""
    return {
        path: (answer.status_code, text_of(answer))
        for path, answer in walk.answers()
        if path not in ("/share", "/suggest")
    }


def test_the_walk_finds_what_is_public(walk: Walk) -> None:
    statuses = with_canary(walk)
    kinds = ("/feed.atom", "/data.json", "/index.json", "/issues/2026-11-23", "/datasets/seals",
             "/posts/heavy-seals", "/posts/heavy-seals.ipynb",
             "/datasets/seals/v/1.0.0/seals.parquet", "/datasets/seals/v/1.0.0/seals/rows.csv",
             "/datasets/seals/v/1.0.0..1.1.0", "/datasets/seals/v/1.0.0/chart.svg",
             "/datasets/?q=xyloca", "/datasets/seals/croissant.json")  # fmt: skip
    assert {path: statuses.get(path) for path in kinds} == dict.fromkeys(kinds, 200)


def test_nothing_withdrawn_is_served_and_after_the_day_it_is_gone(
    walk: Walk, app: Flask, house: Installation
) -> None:
    with house.db.read() as session:
        versions = [datasets.published(session, "seals", number) for number in ("1.0.0", "1.1.0")]
        keys = set().union(*map(discarding.keys_of, versions))
        kept = discarding.keys_of(datasets.published(session, "gannets"))
    effects = withdraw(house)
    assert [issue.slot for issue in effects.past] == ["2026-11-23"]
    assert [issue.slot for issue in effects.planned] == ["2026-11-30"]
    assert with_canary(walk) == {}
    tombstone = get(app, "/datasets/seals", 410)
    file = versions[0].tables[0].files["csv"]
    for said in ("seals of the wadden sea", REASON.casefold(), file["sha256"], "horst am (2020)"):
        assert said in tombstone
    document = json.loads(get(app, "/datasets/seals/v/1.0.0/datapackage.json", 410))
    assert document["withdrawn"][0]["files"][0]["sha256"] == file["sha256"]
    for path in ("/datasets/seals/v/1.0.0/seals.csv", "/datasets/seals/chart.png",
                 "/datasets/seals/v/1.0.0/seals/rows", "/datasets/seals/v/1.0.0..1.1.0",
                 "/datasets/seals/made-with", "/posts/heavy-seals", "/posts/heavy-seals.py",
                 "/posts/heavy-seals/figures/1.png", "/issues/2026-11-23/chart.png"):  # fmt: skip
        assert REASON.casefold() in get(app, path, 410)
    assert REASON.casefold() in get(app, "/issues/2026-11-23")
    assert REASON.casefold() in get(app, "/feed.json?kind=datasets")
    assert [gone["version"] for gone in json.loads(get(app, "/index.json"))["withdrawn"]]

    the_day_passes(house)
    assert with_canary(walk) == {}
    assert REASON.casefold() in get(app, "/datasets/seals/v/1.0.0/", 410)
    assert file["sha256"] in get(app, "/datasets/seals", 410)
    names = {name for name, _ in stored(house)}
    assert names.isdisjoint(keys - kept)
    assert kept <= names
    assert [name for name, said in stored(house) if CANARY in said] == []
    assert get(app, "/datasets/gannets/v/1.0.0/gannets.csv") == SHARED.casefold()
    with house.db.read() as session:
        assert list(session.scalars(select(DiscardedFile.key))) == []
        issue = session.scalars(select(Issue).where(Issue.state == IssueState.SENT)).one()
        assert (issue.message, issue.page) == (None, None)
    with house.db.write() as session, pytest.raises(Conflict, match="kept for a day"):
        withdrawing.restore(session, "seals", NOW + timedelta(days=2))


def test_within_the_day_all_is_put_back(walk: Walk, house: Installation) -> None:
    before = answers(walk)
    withdraw(house)
    with house.db.write() as session:
        withdrawing.restore(session, "seals", NOW + timedelta(hours=23))
    the_day_passes(house)
    assert answers(walk) == before


def test_of_two_versions_the_other_becomes_the_current_one(app: Flask, house: Installation) -> None:
    withdraw(house, "1.1.0")
    page = get(app, "/datasets/seals")
    assert "version 1.0.0" in page
    assert REASON.casefold() in page
    assert "1.0.0" in get(app, "/datasets/seals/v/1.1.0/", 410)
    assert json.loads(get(app, "/datasets/seals/datapackage.json"))["version"] == "1.0.0"
    index = json.loads(get(app, "/index.json"))
    assert {d["slug"]: d["version"] for d in index["datasets"]}["seals"] == "1.0.0"
    assert index["errata"] == []


def test_what_is_withdrawn_is_not_mailed_and_curators_hear_of_it(house: Installation) -> None:
    withdraw(house, "1.1.0")
    monday = datetime(2026, 11, 30, 12, tzinfo=UTC)
    assert publish_due_issues(house, monday) == []
    with house.db.read() as session:
        planned = calendar.get(session, NEXT_MONDAY)
        assert planned.state is IssueState.PLANNED
        assert planned.message is None
        subjects = list(session.scalars(select(Notice.subject).order_by(Notice.id)))
        assert subjects == [
            "seals was withdrawn, and is planned",
            "The issue of 2026-11-30 could not be sent",
        ]
        version = session.scalars(select(Version).where(Version.number == "1.1.0")).one()
        assert version.state is VersionState.WITHDRAWN
