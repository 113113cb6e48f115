"""Lists ask SQL once: how many statements each page takes does not depend on the rows."""

import json
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
from flask import Flask
from werkzeug.routing import BuildError

from newsletter import clock
from newsletter.audience import links
from newsletter.curators import accounts, logins
from newsletter.installation import Installation
from newsletter.models import Subscriber
from newsletter.models.curator import Role
from newsletter.settings import Settings
from newsletter.web.app import create_app
from tests import large_home
from tests.large_home import LARGE, POST, SMALL
from tests.migrated import migrate
from tests.postgres import sqlalchemy_address
from tests.security.test_get_changes_nothing import statements
from tests.web.admin.conftest import OWNER, PASSWORD, Browser

PUBLIC_AT_MOST, ADMIN_AT_MOST = 15, 25

MONDAY, PLANNED, MAILING = "2026-11-23", "2026-11-30", "2026-12-02-post"
Examples = dict[str, Any]
PENGUINS = {"slug": "penguins"}
OF_VERSION: Examples = PENGUINS | {"number": "1.0.0"}

# Each route that has arguments, or shows more with a query: all the ways in which it is asked.
EXAMPLES: dict[str, list[Examples]] = {
    "static": [{"name": "site.css"}],
    "archive.index": [{}, {"page": 2}, {"keyword": "birds", "language": "sql", "year": 2026}],
    "archive.issue": [{"day": MONDAY}],
    "archive.chart": [{"day": MONDAY}],
    "archive.image": [{"day": MONDAY, "name": "figure-1"}],
    "datasets.index": [{}, {"page": 2}, {"q": "bill", "keyword": "birds", "language": "sql"}],
    "datasets.page": [PENGUINS, OF_VERSION],
    "posts.index": [{}, {"page": 2}, {"q": "bill", "keyword": "birds", "column": "species"}],
    "posts.page": [{"slug": POST}],
    "posts.file": [{"slug": POST, "suffix": suffix} for suffix in ("py", "ipynb", "md")],
    "posts.figure": [{"slug": POST, "number": 1}],
    "versions.compared": [PENGUINS | {"before": "1.0.0", "after": "2.0.0"}],
    "files.table": [OF_VERSION | {"table": "penguins", "kind": "csv"}],
    "files.workbook": [OF_VERSION | {"table": "penguins"}],
    "files.marked_csv": [OF_VERSION | {"table": "penguins"}],
    "charts.picture": [PENGUINS | {"kind": "png"}, OF_VERSION | {"kind": "svg"}],
    "charts.document": [OF_VERSION],
    "charts.first_rows": [PENGUINS],
    "rows.part": [OF_VERSION | {"table": "penguins"}],
    "rows.cell": [OF_VERSION | {"table": "penguins"}],
    "rows.csv_file": [OF_VERSION | {"table": "penguins"}],
    "descriptions.index": [{}, {"column": "species"}],
    "descriptions.data_package": [PENGUINS, OF_VERSION],
    "descriptions.croissant_metadata": [PENGUINS],
    "made_with.page": [PENGUINS],
    "made_with.download": [PENGUINS | {"file": large_home.short_key()}],
    "taking_part.share_form": [{}, {"dataset": "penguins"}],
    **{
        f"feeds.{name}": [
            {}, {"kind": "datasets"}, {"kind": "posts"}, {"kind": "corrections"},
            {"keyword": "birds"}, {"page": 2},
        ]
        for name in ("atom", "rss", "json_feed")
    },
    "admin.audit.index": [{}, {"page": 2}, {"q": "issues", "who": "owner@example.org"}],
    "admin.audit.export": [{"form": "csv"}],
    "admin.chart_choice.picture": [PENGUINS | {"table": "penguins", "place": 1}],
    "admin.dataset_form.new": [{}, {"submission": 4}],
    "admin.dataset_form.edit": [PENGUINS],
    "admin.datasets.index": [{}, {"page": 2}, {"q": "penguins"}],
    "admin.datasets.show": [PENGUINS, {"slug": "penguins-1"}],
    "admin.datasets.chart": [PENGUINS | {"kind": "png"}],
    "admin.issues.index": [{}, {"page": 2}, {"date": PLANNED, "slug": "penguins"}],
    "admin.issues.show": [{"day": MONDAY}, {"day": PLANNED}, {"day": MAILING}],
    "admin.post_previews.html": [{"post": POST}],
    "admin.post_upload.new": [{}, {"dataset": "penguins"}],
    "admin.posts.index": [{}, {"page": 2}, {"q": "question"}],
    "admin.posts.show": [{"post": POST}],
    "admin.previews.html": [{"day": MONDAY}, {"day": PLANNED}, {"day": MAILING}],
    "admin.previews.text": [{"day": MONDAY}, {"day": PLANNED}],
    "admin.sending.ask_to_send": [{"day": PLANNED}, {"day": MAILING}],
    "admin.sending.ask_to_cancel": [{"day": PLANNED}],
    "admin.sending.watch": [{"day": MONDAY}],
    "admin.sending.ask_to_retry": [{"day": MONDAY, "state": "failed", "reason": "rejected"}],
    "admin.submission_post.make": [{"number": 1}],
    "admin.tasks.index": [{}, {"page": 2}],
    "admin.tasks.show": [{"task_id": 1}],
    "admin.submissions.index": [{}, {"page": 2}],
    "admin.submissions.show": [{"number": 1}, {"number": 2}],
    "admin.submissions.file": [{"number": 1}],
    "admin.subscribers.download": [{"task_id": 2}],
    "admin.subscribers.index": [{}, {"page": 2}, {"q": "reader", "status": "active"}],
    "admin.versions.ask": [PENGUINS],
    "admin.giving_up.ask": [PENGUINS],
    "admin.giving_up.ask_to_delete": [PENGUINS],
}  # fmt: skip
# Whose answer is another status than 200 here, and why.
STATUSES = {
    "admin.chart_choice.picture": 404,  # so few penguins have no chart
    "charts.first_rows": 404,  # they have one of their own
    "admin.login.sign_in": 302,  # who is signed in is led on
    "admin.second_step.ask": 302,
    "admin.provider_login.begin": 302,
    "admin.provider_login.come_back": 302,
}
Home = tuple[Installation, Browser, Flask]


@contextmanager
def home_of(opened: Installation) -> Iterator[Home]:
    """The app of a newsletter, and a browser in which an owner is signed in."""
    app = create_app(opened)
    with opened.db.write() as session:
        accounts.add_curator(session, OWNER, Role.OWNER, PASSWORD, clock.now())
    browser = Browser(app.test_client())
    assert browser.sign_in(OWNER).status_code == 302
    yield opened, browser, app
    app.extensions["shelf"].close()
    opened.db.close()


def tokens(opened: Installation) -> dict[str, Examples]:
    """The routes that a mail's link leads to."""
    signer = opened.signer
    with opened.db.read() as session:
        owner = accounts.find(session, OWNER)
        assert owner is not None
        first = session.get_one(Subscriber, 1)
        reset = logins.reset_token(signer, owner, clock.now())
    return {
        "subscription.confirm_page": {"token": links.confirm_token(signer, first, clock.now())},
        **{
            f"subscription.{purpose}_page": {"token": links.token_of(signer, purpose, first)}
            for purpose in (links.PREFERENCES, links.UNSUBSCRIBE)
        },
        "admin.login.reset": {"token": reset},
    }


def answers(home: Home) -> Iterator[tuple[str, list[str]]]:
    """Each address of each GET route (by its endpoint, if it has a token), and the statements
    that it took."""
    opened, browser, app = home
    urls = app.url_map.bind("news.example.org")
    rules = [rule for rule in app.url_map.iter_rules() if "GET" in (rule.methods or ())]
    examples = EXAMPLES | {name: [values] for name, values in tokens(opened).items()}
    asked, wrong = set(), {}
    for endpoint in sorted({rule.endpoint for rule in rules}):
        for values in examples.get(endpoint, [{}]):
            try:
                path = urls.build(endpoint, values, "GET")
            except BuildError:
                pytest.fail(f"{endpoint} has no example here: add one to EXAMPLES.")
            asked.add(urls.match(path.partition("?")[0], "GET", return_rule=True)[0].rule)
            with statements(opened) as seen:
                answer = browser.get(path, buffered=True)
            if answer.status_code != STATUSES.get(endpoint, 200):
                wrong[path] = answer.status_code
            name = endpoint if "token" in values else path
            yield name, [s for s in seen if not s.startswith(("begin", "pragma"))]
    assert wrong == {}
    assert {rule.rule for rule in rules} - asked == set(), "Add an example of each to EXAMPLES."


def counts(home: Home) -> dict[str, int]:
    return {name: len(seen) for name, seen in answers(home)}


def most(path: str) -> int:
    return ADMIN_AT_MOST if path.startswith(("/admin", "admin")) else PUBLIC_AT_MOST


@pytest.fixture
def large(settings: Settings) -> Iterator[Home]:
    with home_of(large_home.copied(LARGE, settings)) as home:
        yield home


@pytest.fixture
def small(environ: dict[str, str], tmp_path: Path) -> Iterator[Home]:
    place = {"NEWSLETTER_HOME": str(tmp_path / "small")}
    with home_of(large_home.copied(SMALL, Settings.load(environ | place))) as home:
        yield home


def test_a_page_takes_as_few_statements_with_many_rows_as_with_few(
    small: Home, large: Home, record_property: Callable[[str, object], None]
) -> None:
    few, many = counts(small), counts(large)
    record_property("statements", json.dumps(many))
    table = [f"{few.get(path, 0):>6} {number:>6}  {path}" for path, number in many.items()]
    print("\n".join(["   few   many  statements of", *table]))
    assert {path: number for path, number in many.items() if number > most(path)} == {}
    grown = {path: (few[path], number) for path, number in many.items() if number > few[path]}
    assert grown == {}


def test_on_postgresql_no_page_takes_more_either(
    environ: dict[str, str], migrated_postgres_url: str
) -> None:
    address = sqlalchemy_address(migrated_postgres_url)
    opened = Installation.open(Settings.load(environ | {"DATABASE_URL": address}))
    migrate(opened.db)
    large_home.fill(opened, LARGE)
    with home_of(opened) as home:
        many = counts(home)
    assert {path: number for path, number in many.items() if number > most(path)} == {}
