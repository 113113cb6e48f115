"""What a page and a mail both show, they show by one rule."""

from datetime import date

import pytest
from bs4 import BeautifulSoup
from flask.testing import FlaskClient

from newsletter.installation import Installation
from newsletter.issues.gather import gather
from newsletter.mailing.compose import compose
from newsletter.mailing.content import IssueContent
from newsletter.mailing.posts.post_content import PostContent, Rows, Words
from newsletter.models import Version
from newsletter.models.issue import Issue, Kind
from newsletter.models.post import Post
from newsletter.posts.cells import Code, Html, Prose, Table
from newsletter.web.site.datasets.facts import columns, glance
from tests import factories

CODES = "place,people,code\nOslo,700000,01\nBergen,290000,02\n"
TABLE = Table(
    ("name", "share", "none", "year"),
    (("a", "12%", "", "2007"), ("b", "<NA>", "", "NULL")),
)
MARKED = (
    "<p>a <b>b</b> <a href='https://a.example' title='t'>c</a></p><ol start='3'><li>d</li></ol>"
)


def issue_on(installation: Installation, version: Version) -> IssueContent:
    with installation.db.write() as session:
        version = session.merge(version)
        issue = Issue(kind=Kind.REGULAR, date=date(2026, 11, 30), version=version)
        issue.subject = issue.preheader = issue.intro = ""
        content = compose(gather(session, issue, installation.settings, installation.storage))
        session.rollback()
    assert isinstance(content, IssueContent)
    return content


def mailing_of(installation: Installation, post: Post) -> PostContent:
    with installation.db.write() as session:
        issue = Issue(kind=Kind.POST, date=date(2026, 12, 1), post=session.merge(post))
        issue.subject = issue.preheader = issue.intro = ""
        content = compose(gather(session, issue, installation.settings, installation.storage))
        session.rollback()
    assert isinstance(content, PostContent)
    return content


@pytest.fixture
def post(installation: Installation) -> Post:
    shown: list[Prose | Code] = [Prose("Look."), Code("sql", "1", True, (TABLE, Html(MARKED)))]
    with installation.db.write() as session:
        version = factories.dataset(session, installation.storage)
        made = factories.post(session, version, cells=shown, language="sql")
        made.runs[0].versions = {"vl-convert-python": "1.9", "duckdb": "2.0.0", "python": "3.12.3"}
        return made


def page(client: FlaskClient, path: str) -> BeautifulSoup:
    response = client.get(path)
    assert response.status_code == 200
    return BeautifulSoup(response.text, "html.parser")


def test_the_same_columns_of_a_dataset_align_to_the_right(
    client: FlaskClient, installation: Installation
) -> None:
    with installation.db.write() as session:
        version = factories.dataset(session, installation.storage, "places", {"places": CODES})
        first = version.tables[0]
        first.columns = [c | ({"type": "string"} if c["name"] == "code" else {})
                         for c in first.columns]  # fmt: skip
        first.preview = [["Oslo", 700000, "01"], ["Bergen", 290000, "02"]]
        described = columns(first)
    on_page = [th.get("class") == ["number"] for th in page(client, "/datasets/places")
               .select(".preview thead th")]  # fmt: skip
    in_mail = issue_on(installation, version).preview.numeric
    assert list(in_mail) == on_page == [column.is_number for column in described]
    assert in_mail == (False, True, False)


def test_the_same_columns_of_a_result_align_to_the_right(
    client: FlaskClient, installation: Installation, post: Post
) -> None:
    on_page = [th.get("class") == ["number"] for th in page(client, f"/posts/{post.slug}")
               .select(".output.scroll th")]  # fmt: skip
    (rows,) = (b for b in mailing_of(installation, post).blocks if isinstance(b, Rows))
    assert list(rows.preview.numeric) == on_page == [False, True, False, True]


def test_html_of_a_result_is_cleaned_alike(
    client: FlaskClient, installation: Installation, post: Post
) -> None:
    on_page = page(client, f"/posts/{post.slug}").select_one(".output.prose")
    words = [b for b in mailing_of(installation, post).blocks if isinstance(b, Words)][1]
    in_mail = BeautifulSoup(words.prose.html, "html.parser")
    assert on_page is not None
    for element in in_mail.select("[style]"):
        del element["style"]
    assert in_mail.decode().strip() == on_page.decode_contents().strip()
    assert on_page.select_one("a[title=t]")
    assert on_page.select_one("ol[start='3']")
    assert not on_page.select("b")


def test_what_a_post_ran_with_is_called_alike(
    client: FlaskClient, installation: Installation, post: Post
) -> None:
    words = "Python 3.12.3, DuckDB 2.0.0, vl-convert-python 1.9"
    about = page(client, f"/posts/{post.slug}").select_one(".about")
    assert about is not None
    assert f"with {words}" in about.text
    assert mailing_of(installation, post).ran == f"Ran on 23 November 2026 with {words}."


def test_a_dataset_is_cited_alike(client: FlaskClient, installation: Installation) -> None:
    with installation.db.write() as session:
        version = factories.dataset(session, installation.storage, citation=None, sources=[])
    cited = page(client, "/datasets/penguins").select_one(".citation")
    assert cited is not None
    assert issue_on(installation, version).citation == cited.text
    assert "/v/1.0.0/ (CC0-1.0)" in cited.text


def test_a_draft_without_a_licence_has_no_link_to_one(installation: Installation) -> None:
    with installation.db.write() as session:
        version = factories.dataset(session, installation.storage, license=None)
    content = issue_on(installation, version)
    for facts in (content.glance, glance(version)):
        assert "Licence" not in [fact.label for fact in facts]
        assert not any("spdx" in (fact.url or "") for fact in facts)
