"""Row "stored XSS": whatever a post holds, no page, frame, feed or file of it runs a script.

The cells here are worse than intake lets through: what shows them trusts none of it.
"""

import io
import json
import re

import pytest
from bs4 import BeautifulSoup, Tag
from flask.testing import FlaskClient

from newsletter.catalog import datasets
from newsletter.installation import Installation
from newsletter.models.post import PostState, RunStatus
from newsletter.posts import posts
from newsletter.posts.cells import (
    Cell,
    Code,
    Error,
    Figure,
    Html,
    Note,
    Prose,
    Table,
    Text,
)
from tests import factories
from tests.markup import one
from tests.web.admin.conftest import Browser

SLUG = "attacked-post"
PAYLOADS = [
    "<script>alert(1)</script>",
    '"><img src=x onerror=alert(1)>',
    "'><svg/onload=alert(1)>",
    "</pre></code></script><script>alert(1)</script>",
    "[x](javascript:alert(1))<a href=javascript:alert(1)>x</a>",
    "<!--<script>--><iframe srcdoc='<script>alert(1)</script>'></iframe>",
    "{{ 7*7 }}{% raw %}<math><mi xlink:href=data:text/html,x>",
    "<base href=//evil.example><meta http-equiv=refresh content=0;url=//evil.example>",
]
# What a page of ours is made of: nothing that runs, embeds or leads elsewhere by itself.
DEAD = {"script", "iframe", "object", "embed", "form", "base", "meta", "link", "style", "math"}
PUBLIC = ["/posts/", f"/posts/{SLUG}", "/datasets/penguins", "/issues/"]
ADMIN = ["/admin/posts/", f"/admin/posts/{SLUG}/", f"/admin/posts/{SLUG}/preview.html"]


def hostile(text: str, key: str) -> tuple[Cell, ...]:
    """The payload as each kind of cell and output."""
    outputs = (
        Text(text),
        Error(text),
        Table((text, "n"), ((text, "1"), (text, text)), text),
        Prose(text),
        Html(f"<p onclick=alert(1)>{text}</p>"),
        Figure(key, 60, 40, text),
        Note(text),
    )
    return (Prose(text), Code("python", text, True, outputs), Code(text, text, False))


@pytest.fixture(params=PAYLOADS)
def attacked(request: pytest.FixtureRequest, without_posts: Installation) -> str:
    """One payload in every text of a post; that payload."""
    text = str(request.param)
    with without_posts.db.write() as session:
        key = factories.store(without_posts.storage, factories.png(), ".png")
        post = factories.post(
            session,
            datasets.published(session, "penguins"),
            SLUG,
            cells=hostile(text, key),
            title=text,
            question=text,
            author=text,
            author_url="javascript:alert(1)//https://",
            credit=text,
            license=text,
            requires=[text],
            columns=[text],
            runs=[],
        )
        post.runs = [factories.run(post, RunStatus.FAILED, error=text, versions={text: text})]
        factories.issue(session, post.version, factories.TUESDAY.date(), subject=text)
    return text


def live(page: BeautifulSoup, ours: set[str]) -> list[str]:
    """What in ``page`` could run or lead away, but for the elements that our templates have."""

    def is_live(element: Tag) -> bool:
        names = set(element.attrs)
        links = [str(element.get(name, "")).strip().lower() for name in ("href", "src", "action")]
        return (
            any(name.startswith("on") or name in ("style", "srcdoc") for name in names)
            or any(re.match(r"(javascript|vbscript|data:text)", link) for link in links)
            or (element.name in DEAD - ours)
        )

    return [str(element)[:120] for element in page.find_all(is_live)]


def ours_in(path: str) -> set[str]:
    named = {"meta", "link", "form"}
    if path.startswith("/datasets/"):
        named.add("script")  # of our own, and data: see test_stored_xss.py
    if path.startswith("/admin"):
        named |= {"iframe"} if path.endswith("/") else {"base"}
    return named


@pytest.mark.usefixtures("attacked")
@pytest.mark.parametrize("path", PUBLIC)
def test_no_markup_of_a_post_reaches_a_page(client: FlaskClient, path: str) -> None:
    response = client.get(path)
    assert response.status_code == 200
    page = BeautifulSoup(response.text, "html.parser")
    assert live(page, ours_in(path)) == []
    assert page.find_all("base") + page.find_all("meta", attrs={"http-equiv": True}) == []
    policy = response.headers["Content-Security-Policy"]
    assert "unsafe" not in policy
    if path.startswith("/posts/"):
        assert "script-src" not in policy


@pytest.mark.parametrize("path", ADMIN)
def test_no_markup_of_a_post_reaches_a_curator(attacked: str, curator: Browser, path: str) -> None:
    response = curator.get(path)
    assert response.status_code == 200
    page = BeautifulSoup(response.text, "html.parser")
    assert live(page, ours_in(path)) == []
    assert [frame["src"] for frame in page.find_all("iframe")] == (
        [f"/admin/posts/{SLUG}/preview.html"] * 2 if path.endswith(f"{SLUG}/") else []
    )


def test_the_payload_is_shown_as_the_text_that_it_is(client: FlaskClient, attacked: str) -> None:
    page = BeautifulSoup(client.get(f"/posts/{SLUG}").text, "html.parser")
    one_line = " ".join(attacked.split())
    assert one(page, "h1").text == one(page, ".dek").text == attacked
    assert one(page, "pre.text").text == attacked
    assert one(page, "td").text == attacked
    assert one(page, "figure img")["alt"] == attacked
    assert one_line in one(page, ".erratum").text


@pytest.mark.usefixtures("attacked")
def test_no_markup_of_a_post_reaches_a_feed_reader(client: FlaskClient) -> None:
    items = client.get("/feed.json?kind=posts").get_json()["items"]
    assert len(items) == 1
    assert live(BeautifulSoup(items[0]["content_html"], "html.parser"), set()) == []


@pytest.mark.usefixtures("attacked")
def test_a_file_of_a_post_is_saved_and_never_shown(client: FlaskClient) -> None:
    for suffix in ("py", "ipynb", "md"):
        response = client.get(f"/posts/{SLUG}.{suffix}")
        assert response.status_code == 200
        assert "html" not in str(response.mimetype)
        assert response.headers["X-Content-Type-Options"] == "nosniff"
        assert response.headers["Content-Disposition"].startswith("attachment")
    notebook = json.loads(client.get(f"/posts/{SLUG}.ipynb").text)
    for cell in notebook["cells"]:
        for output in cell.get("outputs", ()):
            html = output.get("data", {}).get("text/html", "")
            if "<table" in html:
                assert live(BeautifulSoup(html, "html.parser"), set()) == []


@pytest.mark.usefixtures("attacked")
def test_a_search_for_it_says_it_back_as_text(client: FlaskClient, attacked: str) -> None:
    for path in ("/posts/", "/issues/", "/datasets/"):
        for name in ("q", "column", "keyword", "dataset", "language", "year"):
            response = client.get(path, query_string={name: attacked})
            assert response.status_code == 200
            page = BeautifulSoup(response.text, "html.parser")
            assert live(page, {"meta", "link", "form"}) == []


def test_a_figure_is_a_picture_whatever_its_key_says(
    client: FlaskClient, without_posts: Installation
) -> None:
    svg = b'<svg xmlns="http://www.w3.org/2000/svg"><script>alert(1)</script></svg>'
    with without_posts.db.write() as session:
        key = factories.store(without_posts.storage, svg, ".svg")
        cells = (Code("python", "1", True, (Figure(key, 1, 1, "x"),)),)
        factories.post(session, datasets.published(session, "penguins"), cells=cells)
    response = client.get("/posts/penguins-who-is-who/figures/1.png")
    assert response.mimetype == "image/png"
    assert response.headers["X-Content-Type-Options"] == "nosniff"


@pytest.mark.parametrize("name", [*PAYLOADS, "../../etc/passwd.md", "a\r\nX-Evil: 1.md"])
def test_a_name_of_a_file_is_text_and_nothing_else(
    without_posts: Installation, curator: Browser, name: str
) -> None:
    from_here = {"file": (io.BytesIO(b"# no post"), name), "dataset": "penguins"}
    answer = curator.post("/admin/posts/new", "/admin/posts/new", **from_here)
    assert answer.status_code == 422
    assert "X-Evil" not in answer.headers
    page = BeautifulSoup(answer.text, "html.parser")
    assert live(page, {"meta", "link", "form"}) == []
    with without_posts.db.read() as session:
        assert [p for p in posts.everything(session) if p.state is not PostState.WITHDRAWN] == []
