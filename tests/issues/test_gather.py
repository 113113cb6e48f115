"""From what is kept of an issue to the facts of its mailing."""

from collections.abc import Iterator
from datetime import UTC, date, datetime
from email import message_from_bytes
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy.orm import Session

from newsletter.catalog.versions import errata
from newsletter.db import Database
from newsletter.errors import Invalid
from newsletter.issues import calendar, corrections
from newsletter.issues.gather import gather
from newsletter.mailing.content import Link
from newsletter.mailing.facts import CorrectionFacts, IssueFacts, PostFacts, Run, WrongVersion
from newsletter.mailing.posts.post_blocks import FIGURES_AT_MOST
from newsletter.models.issue import Issue, Kind
from newsletter.models.post import PostState, RunStatus
from newsletter.posts.cells import Code, Figure
from newsletter.services.previews import preview_message
from newsletter.settings import Settings
from newsletter.storage import Storage
from tests import factories

DAY = date(2026, 11, 24)
NOW = datetime(2026, 11, 23, 12, tzinfo=UTC)
NOTE = "A digit was lost somewhere."


class Desk:
    """Where issues are gathered."""

    def __init__(self, session: Session, settings: Settings, storage: Storage) -> None:
        self.session, self.settings, self.storage = session, settings, storage
        self.version = factories.dataset(session, storage)

    def mailing_of_post(self, **written: Any) -> Issue:
        post = factories.post(self.session, self.version, state=PostState.DRAFT, **written)
        return calendar.plan_post(self.session, DAY, post, NOW.date(), NOW)

    def gather(self, issue: Issue) -> Any:
        return gather(self.session, issue, self.settings, self.storage)

    def figure(self, number: int) -> Figure:
        png = factories.png(40 + number, 20)
        return Figure(factories.store(self.storage, png, ".png"), 40 + number, 20, "")


@pytest.fixture
def desk(sqlite_db: Database, settings: Settings, tmp_path: Path) -> Iterator[Desk]:
    with sqlite_db.write() as session:
        yield Desk(session, settings, Storage(tmp_path / "storage"))


def test_an_issue_has_its_dataset_its_chart_and_the_posts_of_the_week(desk: Desk) -> None:
    earlier = factories.issue(desk.session, desk.version, date(2026, 11, 9))
    post = factories.post(desk.session, desk.version, published_at=NOW)
    issue = calendar.plan(desk.session, date(2026, 11, 30), desk.version, NOW.date(), NOW)
    facts = desk.gather(issue)
    assert isinstance(facts, IssueFacts)
    assert facts.dataset.title == facts.mailing.subject == desk.version.title
    assert len(facts.first_rows) == 6
    assert facts.chart is not None
    assert facts.chart.png == factories.png()
    assert (facts.curator, facts.hat_tip) == ("Dataset Daily", "Allison Horst")
    assert [work.title for work in facts.posts] == [post.title]
    address = f"{desk.settings.base_url}/issues/{earlier.slot}"
    assert facts.previous == Link(desk.version.title, address)


def test_what_a_curator_wrote_comes_along(desk: Desk) -> None:
    issue = desk.mailing_of_post()
    calendar.edit(desk.session, issue, "Our subject", "Our preheader", "Some *words* first.")
    mailing = desk.gather(issue).mailing
    assert (mailing.subject, mailing.preheader) == ("Our subject", "Our preheader")
    assert mailing.intro == "Some *words* first."


def test_a_dataset_of_which_nothing_more_is_known_is_gathered(desk: Desk) -> None:
    bare = factories.dataset(
        desk.session, desk.storage, "bare", chart_png=None, credit=None, license=None, creators=[],
        sources=[], keywords=[], temporal=None, spatial=None, citation=None,
    )  # fmt: skip
    bare.tables[0].profile = {}
    facts = desk.gather(Issue(kind=Kind.REGULAR, date=DAY, version=bare, preheader="", intro=""))
    assert (facts.chart, facts.curator, facts.previous) == (None, "", None)
    assert facts.dataset.license == ""
    assert "()" not in facts.dataset.citation


def test_a_post_has_its_cells_its_run_and_the_addresses_of_its_data(desk: Desk) -> None:
    facts = desk.gather(desk.mailing_of_post())
    assert isinstance(facts, PostFacts)
    assert facts.cells == factories.CELLS
    assert facts.last_run == Run(date(2026, 11, 23), {"pandas": "2.3.3", "python": "3.12.3"})
    page = f"{desk.settings.base_url}/datasets/penguins"
    assert facts.addresses["penguins.csv"] == f"{page}/v/1.0.0/penguins.csv"
    assert facts.script == "py"
    assert facts.work.url == f"{desk.settings.base_url}/posts/penguins-who-is-who"


def test_a_run_that_failed_is_none(desk: Desk) -> None:
    issue = desk.mailing_of_post()
    assert issue.post is not None
    issue.post.runs[0].status = RunStatus.FAILED
    assert desk.gather(issue).last_run is None


def test_the_figures_of_a_post_are_read_as_far_as_a_mail_has_room(desk: Desk) -> None:
    drawn = tuple(desk.figure(number) for number in range(FIGURES_AT_MOST + 1))
    issue = desk.mailing_of_post(cells=[Code("python", "1", True, drawn)])
    pngs = desk.gather(issue).figures
    assert pngs[0] == factories.png(40, 20)
    assert [png is None for png in pngs] == [False] * FIGURES_AT_MOST + [True]
    raw = preview_message(desk.session, issue, desk.settings, desk.storage, NOW)
    message = message_from_bytes(raw)
    assert message["Feedback-ID"].startswith("2026-11-24:post:")
    assert message["List-Unsubscribe-Post"] == "List-Unsubscribe=One-Click"
    types = [part.get_content_type() for part in message.walk()]
    assert types.count("image/png") == FIGURES_AT_MOST


def test_what_was_wrong_with_the_data_of_a_post_comes_along(desk: Desk) -> None:
    issue = desk.mailing_of_post()
    factories.newer(desk.session, desk.storage, "penguins", "2.0.0", "a\n1\n")
    errata.correct(desk.session, "penguins", NOTE, NOW)
    desk.session.refresh(desk.version)
    erratum = desk.gather(issue).dataset.erratum
    assert (erratum.note, erratum.corrected_by) == (NOTE, "2.0.0")


def test_a_correction_has_what_was_wrong_who_got_it_and_what_changed(desk: Desk) -> None:
    sent = factories.issue(desk.session, desk.version, date(2026, 11, 16))
    factories.newer(desk.session, desk.storage, "penguins", "2.0.0", "a\n1\n")
    correction = corrections.correct(
        desk.session, "penguins", NOTE, NOW.date(), NOW, mail_on=date(2026, 11, 25)
    )
    assert correction.issue is not None
    facts = desk.gather(correction.issue)
    assert isinstance(facts, CorrectionFacts)
    assert facts.dataset.version == "2.0.0"
    assert facts.wrong == (WrongVersion("1.0.0", NOTE),)
    address = f"{desk.settings.base_url}/issues/{sent.slot}"
    assert facts.received == (Link(f"{sent.title}, 16 November 2026", address),)
    assert (facts.changes.before, facts.changes.after) == ("1.0.0", "2.0.0")


@pytest.mark.parametrize(
    ("kind", "sentence"),
    [
        (Kind.REGULAR, "no dataset with a table: choose one"),
        (Kind.POST, "has no post: cancel it"),
        (Kind.CORRECTION, "has no erratum: cancel it"),
    ],
)
def test_a_mailing_of_nothing_says_what_to_do(desk: Desk, kind: Kind, sentence: str) -> None:
    with pytest.raises(Invalid, match=sentence):
        desk.gather(Issue(kind=kind, date=DAY))
