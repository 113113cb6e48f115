"""Nothing is public that nobody has looked at: no page, feed, document, file or search has a word
of a draft, whether of a dataset, a version, a post or an issue.
"""

from collections.abc import Iterator
from datetime import UTC, date, datetime
from typing import Any

import pytest
import time_machine
from sqlalchemy import select

from newsletter.installation import Installation
from newsletter.issues import calendar
from newsletter.models.dataset import PendingIngest, Version, VersionState
from newsletter.models.issue import IssueState
from newsletter.models.post import PostState
from newsletter.posts.cells import Code, Figure, Text
from newsletter.web.app import create_app
from tests import factories
from tests.functional.public_walk import Walk, text_of

NOW = datetime(2026, 11, 24, 9, 30, tzinfo=UTC)
CANARY = "xylocanary"
ROWS = f"bank,{CANARY}_kg\n{CANARY} sand,3.5\nRobben,4.5\n"
WORDS: dict[str, Any] = {
    "title": f"The {CANARY} of the sands",
    "summary": f"Every {CANARY} that was seen from the air",
    "description": f"Each row is one {CANARY}, which nobody has looked at until now, as it is.",
    "keywords": [CANARY],
    "citation": f"{CANARY} (2026).",
    "sources": [{"title": CANARY, "url": f"https://example.org/{CANARY}"}],
    "creators": [{"name": CANARY, "url": None}],
    "questions": [f"Where is the {CANARY}, {n}?" for n in range(3)],
    "caveats": [f"The {CANARY} moves."],
    "chart_alt": f"The {CANARY} as bars.",
    "chart_drawn": {"mark": "bar", "title": CANARY},
}


@pytest.fixture
def house(installation: Installation) -> Installation:
    """Penguins in the open, with an issue, a post and code; and a draft of everything."""
    storage = installation.storage
    with time_machine.travel(NOW, tick=False), installation.db.write() as session:
        version = factories.dataset(session, storage)
        factories.issue(session, version)
        factories.post(session, version)
        factories.submission(session, storage, version, title=CANARY, about=CANARY * 4)
        drawn = {
            "chart_svg": factories.store(storage, f"<svg>{CANARY}</svg>".encode(), ".svg"),
            "chart_png": factories.store(storage, factories.png(71), ".png"),
        }
        new = factories.dataset(
            session, storage, f"{CANARY}-new", {f"{CANARY}-table": ROWS}, VersionState.DRAFT,
            **WORDS, **drawn,
        )  # fmt: skip
        next_one = factories.newer(session, storage, "penguins", "2.0.0", ROWS)
        for name, value in (WORDS | drawn).items():
            setattr(next_one, name, value)
        next_one.state, next_one.published_at = VersionState.DRAFT, None
        next_one.tables[0].name = f"{CANARY}-2"
        version.dataset.pending_ingest = PendingIngest(
            package={"title": CANARY}, files={CANARY: {"name": CANARY}}, note=CANARY
        )
        figure = Figure(factories.store(storage, factories.png(72), ".png"), 72, 40, CANARY)
        cell = Code("python", f"print('{CANARY}')", True, (Text(CANARY), figure))
        words: dict[str, Any] = {"title": CANARY, "question": f"{CANARY}?", "author": CANARY}
        for state in (PostState.DRAFT, PostState.WITHDRAWN):
            factories.post(session, version, f"{CANARY}-{state}", state, cells=(cell,), **words)
        words = {"subject": CANARY, "preheader": CANARY, "intro": CANARY}
        planned = calendar.plan(session, date(2026, 11, 30), new, NOW.date(), NOW)
        calendar.edit(session, planned, **words)
        factories.issue(session, next_one, date(2026, 12, 7), IssueState.LATE, **words)
        factories.issue(
            session, new, date(2026, 11, 16), IssueState.CANCELLED, page=CANARY, **words
        )
    return installation


@pytest.fixture
def walk(house: Installation) -> Iterator[Walk]:
    app = create_app(house)
    with time_machine.travel(NOW, tick=False):
        yield Walk(app, house, word=CANARY[:6], keyword=CANARY[:8], column=CANARY[:8])
    app.extensions["shelf"].close()


def test_no_public_address_says_a_word_of_a_draft(walk: Walk) -> None:
    shown = {}
    for path, answer in walk.answers():
        if CANARY in text_of(answer) or (CANARY in path and answer.status_code != 404):
            shown[path] = answer.status_code
        if "2.0.0" in path:
            assert answer.status_code == 404, path
    assert shown == {}


def test_what_is_published_of_them_is_found(walk: Walk, house: Installation) -> None:
    """So that the walk would notice."""
    with house.db.write() as session:
        version = session.scalars(select(Version).where(Version.number == "2.0.0")).one()
        version.state, version.published_at = VersionState.PUBLISHED, NOW
    shown = {path for path, answer in walk.answers() if CANARY in text_of(answer)}
    assert {"/datasets/penguins", "/index.json", "/data.json", "/datasets/?q=xyloca"} <= shown
    assert f"/datasets/penguins/v/2.0.0/{CANARY}-2.parquet" in shown
