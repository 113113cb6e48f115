"""A newsletter of five years, or a small one of the same shape, for tests of lists.

Made by a few bulk inserts once a session, and copied for each test that changes it.
"""

import shutil
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from functools import cache
from hashlib import sha256
from itertools import count
from pathlib import Path
from tempfile import mkdtemp
from typing import Any

from sqlalchemy import insert, inspect, select, update
from sqlalchemy.orm import Session

from newsletter import clock
from newsletter.audience.suppression import address_hash
from newsletter.audit import chain
from newsletter.audit.chain import Actor
from newsletter.catalog import datasets
from newsletter.catalog.versions import changes
from newsletter.db import Base
from newsletter.email_address import parse_address
from newsletter.installation import Installation
from newsletter.mailing.content import InlineImage
from newsletter.mailing.message import Headers, freeze
from newsletter.mailing.placeholders import Placeholder
from newsletter.mailing.render import RenderedMail
from newsletter.models.dataset import Dataset, Erratum, PendingIngest, Table, Version
from newsletter.models.delivery import Delivery, DeliveryState, Retry
from newsletter.models.issue import Issue, IssuePost, IssueState, Kind
from newsletter.models.post import Post, PostRun, PostState
from newsletter.models.submission import Submission, SubmissionKind, SubmissionState
from newsletter.models.subscriber import Cadence, Status, Subscriber
from newsletter.models.task import Task, TaskState
from newsletter.posts.cells import Cell, Code, Figure, Prose
from newsletter.services.subscriber_transfer import EXPORT_SUBSCRIBERS
from newsletter.settings import Settings
from newsletter.storage import Storage
from tests import factories
from tests.factories import LONG_AGO, MONDAY
from tests.migrated import migrate

FIRST_DAY = time(9, tzinfo=UTC)
NO_DAY = date(2000, 1, 3)
UNREAD = range(1, 40)  # the numbers of datasets that files are read into
READING = 1_000_000  # the task that does it
EXPORTED = 2  # the task that the owner may download from
POST = "penguins-who-is-who"
DRAWN = {
    "mark": "bar",
    "encoding": {"x": {"field": "species"}, "y": {"field": "bill_mm", "aggregate": "mean"}},
}
FILE = b'{"cells": []}'
HEAVY = 20_000  # characters of a frozen page


@dataclass(frozen=True, slots=True)
class Size:
    """How many rows a home has. ``of_one``: versions of the penguins, curators, issues that
    are under way, and whatever else is few."""

    issues: int
    datasets: int
    posts: int
    subscribers: int
    submissions: int
    of_one: int


SMALL = Size(issues=3, datasets=3, posts=3, subscribers=10, submissions=4, of_one=3)
LARGE = Size(issues=260, datasets=200, posts=800, subscribers=5_000, submissions=240, of_one=12)


def copied(size: Size, settings: Settings) -> Installation:
    """A home of ``size`` of the test's own, on SQLite, at the place of ``settings``."""
    shutil.copytree(_made(size, settings.secret_key), settings.home)
    return Installation.open(settings)


@cache
def _made(size: Size, secret_key: str) -> Path:
    home = Path(mkdtemp(prefix="home-"))
    settings = Settings.load(
        {
            "NEWSLETTER_HOME": str(home),
            "NEWSLETTER_BASE_URL": "https://news.example.org",
            "NEWSLETTER_MAIL_FROM": "hello@news.example.org",
            "NEWSLETTER_POSTAL_ADDRESS": "1 Data Street",
            "SECRET_KEY": secret_key,
        }
    )
    opened = Installation.open(settings)
    migrate(opened.db)
    fill(opened, size)
    opened.db.close()
    return home


def fill(opened: Installation, size: Size) -> None:
    """Put rows into an empty newsletter."""
    with opened.db.write() as session:
        first = factories.dataset(session, opened.storage, chart_drawn=DRAWN)
        first_post = factories.post(session, first, POST, cells=_cells(opened.storage))
        versions = _catalog(session, first, size)
        _posts(session, first_post, versions, size)
        _issues(session, opened.settings, versions, size)
        _subscribers(session, opened, size)
        _ledger(session, size)
        _submissions(session, opened.storage, first.dataset_id, size)
        _tasks(session, opened.storage, size)
        _audit(session, opened, size)
        old, new = (datasets.published(session, "penguins", n) for n in ("1.0.0", "2.0.0"))
        changes.between(old, new, opened.storage)


def _catalog(session: Session, first: Version, size: Size) -> list[dict[str, Any]]:
    """The rows of all versions: those of the penguins, then one or two of each dataset."""
    version, table = _row(first), _row(first.tables[0])
    ids, table_ids = count(first.id + 1), count(first.tables[0].id + 1)
    rows = [
        {"id": first.dataset_id + n, "slug": f"penguins-{n}", "created_at": LONG_AGO}
        for n in range(1, size.datasets)
    ]
    versions = [
        version | {"id": next(ids), "number": f"{n}.0.0"} for n in range(2, size.of_one + 1)
    ]
    for n, dataset in enumerate(rows):
        words = {
            "dataset_id": dataset["id"],
            "title": f"Penguins of the island {n}",
            "keywords": ["birds", f"island {n % 30}"],
            "state": "draft" if n % 20 == 1 else "published",
            "published_at": None if n % 20 == 1 else LONG_AGO - timedelta(days=n),
        }
        numbers = ["1.0.0", "2.0.0"][: 1 + (n % 10 == 0)]
        versions += [version | words | {"id": next(ids), "number": each} for each in numbers]
    tables = [table | {"id": next(table_ids), "version_id": row["id"]} for row in versions]
    pairs = zip([version, *versions], versions, strict=False)
    errata = [
        {"version_id": old["id"], "corrected_by_id": new["id"], "note": "A column was wrong.",
         "published_at": LONG_AGO + timedelta(hours=n)}
        for n, (old, new) in enumerate(pairs) if old["dataset_id"] == new["dataset_id"]
    ]  # fmt: skip
    _insert(session, Dataset, rows)
    _insert(session, Version, versions)
    _insert(session, Table, tables)
    _insert(session, Erratum, errata)
    return [version, *versions]


def _posts(session: Session, first: Post, versions: list[dict[str, Any]], size: Size) -> None:
    """One in ten is on the penguins; the others are on all datasets in turn."""
    post, run = _row(first), _row(first.runs[0])
    languages, states = ("python", "sql", "r"), (PostState.DRAFT, PostState.WITHDRAWN)
    posts = [
        post
        | {
            "id": first.id + n,
            "slug": f"post-{n}",
            "title": f"Question {n}",
            "version_id": versions[0 if n % 10 == 1 else n % len(versions)]["id"],
            "language": languages[n % 3],
            "state": states[n % 2] if n % 25 in (23, 24) else PostState.PUBLISHED,
            "published_at": factories.TUESDAY - timedelta(days=n),
            "columns": ["species", f"column_{n % 40}"],
        }
        for n in range(1, size.posts)
    ]
    ids = count(run["id"] + 1)
    runs = [
        run | {"id": next(ids), "post_id": each["id"], "at": run["at"] - timedelta(days=7 * k)}
        for each in posts
        for k in range(3)
    ]
    _insert(session, Post, posts)
    _insert(session, PostRun, runs)


def _issues(
    session: Session, settings: Settings, versions: list[dict[str, Any]], size: Size
) -> None:
    ids, message = count(1), _message(settings)
    published = [row for row in versions if row["state"] != "draft"]
    penguins = [row["id"] for row in versions if row["dataset_id"] == versions[0]["dataset_id"]]

    def row(day: date, kind: Kind, state: IssueState, **values: Any) -> dict[str, Any]:
        begun = state not in (IssueState.PLANNED, IssueState.LATE)
        at = datetime.combine(day, FIRST_DAY) if begun else None
        closed = at if state is IssueState.SENT else None
        page = f"<!doctype html><title>{day}</title>{'x' * HEAVY}" if begun else None
        balance = dict.fromkeys(("failed", "unknown", "excluded", "pending"), 0)
        balance |= {"candidates": 5, "sent": 5, "holds": True}
        return {
            "id": next(ids), "date": day, "kind": kind, "state": state, "created_at": LONG_AGO,
            "frozen_at": at, "closed_at": closed, "subject": "", "preheader": "", "intro": "",
            "candidates": 5, "balance": balance if closed else {}, "page": page,
            "message": message.replace(b"2000-01-03", f"{day}".encode()) if begun else None,
            "version_id": None, "post_id": None,
        } | values  # fmt: skip

    mondays = [MONDAY - timedelta(weeks=n) for n in range(size.issues)]
    rows = [
        row(day, Kind.REGULAR, IssueState.SENT,
            version_id=penguins[n % len(penguins)] if n % 5 == 0
            else published[n % len(published)]["id"])
        for n, day in enumerate(mondays)
    ]  # fmt: skip
    listed = [
        {"issue_id": each["id"], "number": 0, "post_id": 1 + n % size.posts}
        for n, each in enumerate(rows)
    ]
    for n in range(size.of_one):
        weeks = timedelta(weeks=n)
        monday, wednesday = MONDAY + timedelta(days=7) + weeks, MONDAY + timedelta(days=9) + weeks
        post = 1 + n % size.posts
        wrong = {"version_id": penguins[-1]}
        rows += [
            row(monday, Kind.REGULAR, IssueState.PLANNED, version_id=penguins[-1]),
            row(wednesday, Kind.POST, IssueState.PLANNED, post_id=size.posts - n % size.posts),
            row(MONDAY - timedelta(days=3) - weeks, Kind.POST, IssueState.SENT, post_id=post),
            row(MONDAY - timedelta(days=4) - weeks, Kind.POST, IssueState.PAUSED, post_id=post),
            row(MONDAY - timedelta(days=5) - weeks, Kind.CORRECTION, IssueState.SENT, **wrong),
            row(MONDAY - timedelta(days=6) - weeks, Kind.CORRECTION, IssueState.LATE, **wrong),
        ]
    _insert(session, Issue, rows)
    _insert(session, IssuePost, listed)


def _subscribers(session: Session, opened: Installation, size: Size) -> None:
    hashed = address_hash(opened.signer, parse_address("reader@example.org"))
    statuses = (*[Status.ACTIVE] * 6, *Status)
    rows = [
        {
            "address": f"reader{n}@example.org", "address_key": f"reader{n}@example.org",
            "address_hash": f"{n:06}{hashed[6:]}", "name": f"Reader {n}",
            "status": statuses[n % len(statuses)], "cadence": list(Cadence)[n % 2],
            "timezone": None, "created_at": LONG_AGO, "confirmed_at": LONG_AGO, "confirmations": 1,
        }
        for n in range(size.subscribers)
    ]  # fmt: skip
    _insert(session, Subscriber, rows)


def _ledger(session: Session, size: Size) -> None:
    """The first Monday went to everybody; an issue that is paused has some pending."""
    readers = session.scalars(select(Subscriber.id)).all()
    paused = session.scalars(select(Issue.id).where(Issue.state == IssueState.PAUSED)).all()
    outcomes = (
        *[(DeliveryState.SENT, None)] * 7,
        (DeliveryState.FAILED, "rejected"),
        (DeliveryState.EXCLUDED, "suppressed"),
        (DeliveryState.UNKNOWN, "no-answer"),
    )
    rows = [
        {
            "issue_id": 1, "subscriber_id": reader, "state": outcomes[n % 10][0],
            "reason": outcomes[n % 10][1], "settled_at": LONG_AGO, "attempts": 1, "variant": 0,
            "not_before": None, "reply": "550 no such user" if n % 10 == 7 else None,
        }
        for n, reader in enumerate(readers)
    ]  # fmt: skip
    rows += [
        rows[0] | {"issue_id": issue, "subscriber_id": reader, "state": DeliveryState.PENDING,
                   "reason": None, "settled_at": None, "not_before": LONG_AGO}
        for issue in paused for reader in readers[:5]
    ]  # fmt: skip
    retry = {"issue_id": 1, "at": LONG_AGO, "state": DeliveryState.FAILED, "number": 3}
    _insert(session, Delivery, rows)
    _insert(session, Retry, [retry] * size.of_one)


def _submissions(session: Session, storage: Storage, dataset_id: int, size: Size) -> None:
    key = factories.store(storage, FILE, ".ipynb.offered")
    code: dict[str, Any] = {
        "kind": SubmissionKind.CODE, "dataset_id": dataset_id, "about": "Two are enough.",
        "name": "Bo Berg", "license": "MIT", "link": "https://example.org/bo", "file_key": key,
        "file_name": "bills.ipynb", "created_at": LONG_AGO, "state": SubmissionState.WAITING,
        "decided_at": None, "decided_by": None, "answer": "",
    }  # fmt: skip
    decided = {"state": SubmissionState.ACCEPTED, "decided_at": LONG_AGO, "decided_by": "owner"}
    data = {"kind": SubmissionKind.DATASET, "dataset_id": None, "file_key": None}
    rows = [
        code | {"title": f"Bills {n}"} | (decided if n % 3 else {}) | (data if n % 4 == 3 else {})
        for n in range(size.submissions)
    ]
    _insert(session, Submission, rows)


def _tasks(session: Session, storage: Storage, size: Size) -> None:
    task = {
        "name": "catalog_check", "title": "Check the catalog", "arguments": {}, "lines": [],
        "started_by": "owner@example.org", "queue": "default", "state": TaskState.DONE,
        "created_at": LONG_AGO, "not_before": LONG_AGO, "finished_at": LONG_AGO, "attempt": 1,
    }  # fmt: skip
    _insert(session, Task, [task] * size.submissions)
    reading = task | {"name": "read-files", "title": "Read bills.csv", "state": TaskState.RUNNING}
    _insert(session, Task, [reading | {"id": READING, "arguments": {"files": "bills.csv"}}])
    drafts = select(Dataset.id).where(Dataset.slug.in_([f"penguins-{n}" for n in UNREAD]))
    first = session.get_one(Version, 1)
    pending = {
        "task_id": READING, "package": datasets.package_of(first).model_dump(mode="json"),
        "files": {"penguins": {"name": "bills.csv", "url": "https://example.org/bills.csv"}},
    }  # fmt: skip
    _insert(
        session,
        PendingIngest,
        [pending | {"dataset_id": key} for key in session.scalars(drafts)],
    )
    key = factories.store(storage, b"email\n", ".export.task")
    made = {"file": key, "curator": 1, "subscribers": 0}
    exported = {"name": EXPORT_SUBSCRIBERS.name, "result": made, "finished_at": clock.now()}
    session.execute(update(Task).where(Task.id == EXPORTED).values(**exported))


def _audit(session: Session, opened: Installation, size: Size) -> None:
    actor = Actor("owner@example.org", "192.0.2.1", "issues.plan", "2026-11-30")
    change = {"what": "issue", "which": "monday 2026-11-30", "was": {}, "now": {"state": "planned"}}
    for _ in range(size.submissions):
        chain.append(session, opened.signer, actor, [change], LONG_AGO)


def _cells(storage: Storage) -> tuple[Cell, ...]:
    figure = Figure(factories.store(storage, factories.png(), ".png"), 60, 40, "Bills")
    return Prose("The bill **nearly** does it."), Code("python", "print(1)\n", True, (figure,))


def _message(settings: Settings) -> bytes:
    """Frozen on NO_DAY, with one image, and large."""
    word = Placeholder.UNSUBSCRIBE.value
    image = InlineImage(f"figure-1.{NO_DAY}@post", factories.png(), 60, 40, "A figure")
    mail = RenderedMail("A subject", f"{word} {'x ' * HEAVY}", f"{word} {'x ' * HEAVY}", (image,))
    headers = Headers.of_issue(settings, "post", NO_DAY, LONG_AGO)
    return freeze(mail, headers).to_bytes()


def _row(made: Base) -> dict[str, Any]:
    """The columns of a row, as an insert takes them."""
    return {column.key: getattr(made, column.key) for column in inspect(type(made)).column_attrs}


def _insert(session: Session, model: type[Base], rows: list[dict[str, Any]]) -> None:
    if rows:
        session.execute(insert(model), rows)


def short_key() -> str:
    """What the file of the shared code is called in addresses."""
    return sha256(FILE).hexdigest()[:16]
