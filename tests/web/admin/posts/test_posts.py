"""Posts in the admin: brought, looked at, published, withdrawn, put on a day."""

import io
from hashlib import sha256

import nbformat
import pytest
from bs4 import BeautifulSoup
from sqlalchemy import select
from werkzeug.test import TestResponse

from newsletter.catalog import datasets
from newsletter.installation import Installation
from newsletter.issues import calendar
from newsletter.models import Issue
from newsletter.models.issue import Kind
from newsletter.models.post import Post, PostState, RunStatus
from newsletter.posts import posts
from newsletter.posts.cells import Code, Figure
from tests import factories
from tests.markup import one
from tests.web.admin.conftest import Browser

DIGEST = sha256(factories.PENGUINS.encode()).hexdigest()
FRONT = f"""\
---
title: Who is who among the penguins
question: Which two measurements tell the species apart?
author: Ada Example
license: MIT
language: python
version: 1.0.0
data:
  penguins: {DIGEST}
requires: [pandas==2.3.3]
---
"""
POST = f"{FRONT}\nMeasure **both** ways.\n\n```python\nprint(42)\n```\n"


def bring(
    browser: Browser, name: str, content: bytes | str, dataset: str = "penguins"
) -> TestResponse:
    data = content.encode() if isinstance(content, str) else content
    return browser.post(
        "/admin/posts/new", "/admin/posts/new", dataset=dataset, file=(io.BytesIO(data), name)
    )


@pytest.fixture
def draft(seeded: Installation) -> Installation:
    with seeded.db.write() as session:
        factories.post(session, datasets.published(session, "penguins"), state=PostState.DRAFT)
    return seeded


def state_of(installation: Installation, slug: str = "penguins-who-is-who") -> PostState:
    with installation.db.read() as session:
        return posts.get(session, slug).state


def read(browser: Browser, path: str) -> BeautifulSoup:
    response = browser.get(path)
    assert response.status_code == 200
    return BeautifulSoup(response.text, "html.parser")


def test_a_markdown_file_becomes_a_draft(seeded: Installation, curator: Browser) -> None:
    answer = bring(curator, "01-who-is-who.md", POST)
    assert answer.location == "/admin/posts/penguins-who-is-who/"
    page = read(curator, answer.location)
    assert one(page, "h1").text == "Who is who among the penguins"
    assert one(page, ".badge").text == "draft"
    assert "It was not run here" in page.text
    assert curator.client.get("/posts/penguins-who-is-who").status_code == 404
    shown = read(curator, "/admin/posts/penguins-who-is-who/preview.html")
    assert one(shown, ".prose strong").text == "both"
    assert one(shown, "code").text == "print(42)"


def test_a_notebook_becomes_a_draft_with_its_outputs(
    seeded: Installation, curator: Browser
) -> None:
    v4 = nbformat.v4
    output = v4.new_output("stream", name="stdout", text="42\n")
    cells = [v4.new_raw_cell(FRONT), v4.new_code_cell("print(42)", outputs=[output])]
    notebook = v4.new_notebook(cells=cells)
    assert bring(curator, "look.ipynb", nbformat.writes(notebook)).status_code == 302
    shown = read(curator, "/admin/posts/penguins-look/preview.html")
    assert one(shown, "pre.output").text.strip() == "42"


def test_the_same_file_again_is_a_new_text_of_the_same_post(
    seeded: Installation, curator: Browser
) -> None:
    bring(curator, "who-is-who.md", POST)
    answer = bring(curator, "who-is-who.md", POST.replace("both", "all"))
    assert "Its post has these words now" in curator.get(answer.location).text
    with seeded.db.read() as session:
        (post,) = session.scalars(select(Post))
        assert "all" in post.words


@pytest.mark.parametrize(
    ("name", "content", "dataset", "said"),
    [
        ("x.md", "# No front matter", "penguins", "no front matter"),
        ("x.txt", POST, "penguins", ".md"),
        ("x.ipynb", "{", "penguins", ""),
        ("x.md", POST.replace("1.0.0", "9.9.9"), "penguins", "no version 9.9.9"),
        ("x.md", POST.replace("MIT", "Mine"), "penguins", "license"),
        ("x.md", POST, "nowhere", "Choose one of the datasets"),
    ],
)
def test_what_is_no_post_is_refused_in_a_sentence_and_kept(
    seeded: Installation, curator: Browser, name: str, content: str, dataset: str, said: str
) -> None:
    answer = bring(curator, name, content, dataset)
    assert answer.status_code == 422
    page = BeautifulSoup(answer.text, "html.parser")
    problems = " ".join(problem.text for problem in page.select(".said.refused, p.problem"))
    assert said in problems
    assert "Traceback" not in problems
    assert one(page, ".uploaded").text.startswith(f"{name} is kept")
    with seeded.db.read() as session:
        assert session.scalars(select(Post)).all() == []


def test_a_file_that_is_kept_need_not_come_again(seeded: Installation, curator: Browser) -> None:
    refused = BeautifulSoup(bring(curator, "x.md", POST, "nowhere").text, "html.parser")
    note = one(refused, "input[name=stored]")["value"]
    answer = curator.post("/admin/posts/new", "/admin/posts/new", dataset="penguins", stored=note)
    assert answer.location == "/admin/posts/penguins-x/"
    without = curator.post("/admin/posts/new", "/admin/posts/new", dataset="penguins")
    assert "Choose a file" in without.text


def test_publishing_and_withdrawing(draft: Installation, curator: Browser) -> None:
    path = "/admin/posts/penguins-who-is-who/"
    assert curator.post(f"{path}publish", path).location == path
    assert state_of(draft) is PostState.PUBLISHED
    assert curator.client.get("/posts/penguins-who-is-who").status_code == 200
    assert curator.post(f"{path}withdraw", path).location == path
    assert state_of(draft) is PostState.WITHDRAWN
    assert "no reader sees it" in curator.get(path).text
    assert curator.client.get("/posts/penguins-who-is-who").status_code == 404
    curator.post(f"{path}withdraw", path)
    assert "there is nothing to withdraw" in curator.get(path).text


def test_what_lacks_something_cannot_be_published(draft: Installation, curator: Browser) -> None:
    path = "/admin/posts/penguins-who-is-who/"
    with draft.db.write() as session:
        post = posts.get(session, "penguins-who-is-who")
        post.data = {"penguins": "0" * 64}
    page = read(curator, path)
    assert "has the checksum" in one(page, "#lacking").text
    (publish,) = page.find_all("button", string="Publish")
    assert publish.has_attr("disabled")
    curator.post(f"{path}publish", path)
    assert state_of(draft) is PostState.DRAFT


def test_the_list_says_state_run_and_day(draft: Installation, curator: Browser) -> None:
    with draft.db.write() as session:
        version = datasets.published(session, "penguins")
        late = factories.post(session, version, "penguins-old", title="An old one", runs=[])
        late.runs = [factories.run(late, RunStatus.FAILED, source="0" * 64)]
    rows = read(curator, "/admin/posts/").select("tbody tr")
    said = [[badge.text for badge in row.select(".badge")] for row in rows]
    assert said == [["published", "failed"], ["draft", "ran"]]
    assert "an earlier text" in rows[0].text
    assert "no day" in rows[1].text
    assert len(read(curator, "/admin/posts/?q=OLD").select("tbody tr")) == 1
    assert "No post is called" in curator.get("/admin/posts/?q=zzz").text


def test_a_post_is_put_on_a_day(draft: Installation, curator: Browser) -> None:
    path = "/admin/posts/penguins-who-is-who/"
    days = [option["value"] for option in read(curator, path).select("#plan-date option")]
    answer = curator.post("/admin/issues/posts", path, post="penguins-who-is-who", date=days[3])
    assert answer.location == f"/admin/issues/{days[3]}-post"
    with draft.db.read() as session:
        issue = session.scalars(select(Issue).where(Issue.kind == Kind.POST)).one()
        assert issue.post is not None
        assert calendar.mailing_of(session, issue.post) is issue
        assert issue.date.isoformat() == days[3]
    page = read(curator, path)
    assert page.select_one("#plan-date") is None
    assert one(page, ".plan .badge").text == "planned"


def test_a_preview_is_a_document_that_can_do_nothing(
    seeded: Installation, curator: Browser
) -> None:
    key = factories.store(seeded.storage, factories.png(), ".png")
    cells = (Code("python", "plot()", True, (Figure(key, 60, 40, "White"),)),)
    with seeded.db.write() as session:
        version = datasets.published(session, "penguins")
        factories.post(session, version, cells=cells, state=PostState.DRAFT)
    frame = one(read(curator, "/admin/posts/penguins-who-is-who/"), "iframe")
    assert frame["sandbox"] == ["allow-popups"]
    response = curator.get(str(frame["src"]))
    policy = response.headers["Content-Security-Policy"].split("; ")
    assert {"default-src 'none'", "frame-ancestors 'self'", "form-action 'none'"} <= set(policy)
    assert "sandbox allow-popups allow-popups-to-escape-sandbox" in policy
    assert not any("script" in directive or "unsafe" in directive for directive in policy)
    image = one(BeautifulSoup(response.text, "html.parser"), "img")
    assert str(image["src"]).startswith("data:image/png;base64,")
