"""The archive of posts, the page of each, and what it gives away."""

import json
from datetime import UTC, datetime
from urllib.parse import quote

import pytest
from bs4 import BeautifulSoup
from flask.testing import FlaskClient

from newsletter.installation import Installation
from newsletter.models.post import PostState, RunStatus
from newsletter.posts.cells import Code, Error, Figure, Html, Note, Prose, Table, Text
from tests import factories
from tests.markup import one

ADDRESS = "https://news.example.org/datasets/penguins/v/1.0.0/penguins.csv"
NOTEBOOK = "https://news.example.org/posts/penguins-who-is-who.ipynb"
LATE_IN_2025 = datetime(2025, 12, 31, 8, tzinfo=UTC)


@pytest.fixture
def posted(seeded: Installation) -> Installation:
    """Two posts on the penguins and one on a river; a draft and a withdrawn one."""
    storage = seeded.storage
    with seeded.db.write() as session:
        version = factories.newer(session, storage, "penguins", "1.1.0", factories.PENGUINS)
        old = version.dataset.versions[0]
        factories.post(session, old)
        factories.post(
            session,
            version,
            "penguins-model",
            title="A line between species",
            language="r",
            published_at=LATE_IN_2025,
            columns=["flipper_mm"],
        )
        nile = factories.dataset(
            session,
            storage,
            "nile",
            {"nile": "year,flow\n1871,1120\n"},
            title="A hundred years of the Nile",
            keywords=["rivers"],
        )
        factories.post(session, nile, "nile-dam", title="When was the dam built?", language="sql",
                       columns=["flow"])  # fmt: skip
        factories.post(session, nile, "nile-draft", PostState.DRAFT, title="Not yet")
        factories.post(session, nile, "nile-gone", PostState.WITHDRAWN, title="No longer")
    return seeded


def read(client: FlaskClient, path: str) -> BeautifulSoup:
    response = client.get(path)
    assert response.status_code == 200
    return BeautifulSoup(response.text, "html.parser")


def titles(client: FlaskClient, query: str = "") -> list[str]:
    return [link.text for link in read(client, f"/posts/{query}").select(".posts div > a")]


@pytest.mark.usefixtures("posted")
def test_posts_stand_under_their_year_the_newest_first(client: FlaskClient) -> None:
    page = read(client, "/posts/")
    assert [heading.text for heading in page.select(".year h2")] == ["2026", "2025"]
    assert titles(client) == [
        "When was the dam built?",
        "Who is who among the penguins",
        "A line between species",
    ]


@pytest.mark.usefixtures("posted")
@pytest.mark.parametrize(
    ("query", "found"),
    [
        ("?year=2025", ["A line between species"]),
        ("?keyword=rivers", ["When was the dam built?"]),
        ("?dataset=nile", ["When was the dam built?"]),
        ("?language=r", ["A line between species"]),
        ("?column=BILL_MM", ["Who is who among the penguins"]),
        ("?q=groupby+dam", ["When was the dam built?"]),
        ("?q=line&dataset=nile", []),
        ("?dataset=penguins&year=2026", ["Who is who among the penguins"]),
        ("?year=20&column=&q=", None),
    ],
)
def test_what_is_asked_for_narrows_the_archive(
    client: FlaskClient, query: str, found: list[str] | None
) -> None:
    assert titles(client, query) == (titles(client) if found is None else found)


@pytest.mark.usefixtures("posted")
def test_the_form_keeps_what_was_asked_and_offers_what_there_is(client: FlaskClient) -> None:
    page = read(client, "/posts/?language=sql&keyword=rivers&q=dam")
    assert [o["value"] for o in page.select("[name=language] option[selected]")] == ["sql"]
    assert [o["value"] for o in page.select("[name=dataset] option")] == ["", "nile", "penguins"]
    assert one(page, "input[name=q]")["value"] == "dam"
    assert one(page, "input[type=hidden][name=keyword]")["value"] == "rivers"
    chosen = one(page, ".keywords a[aria-current]")
    assert chosen["href"] == "/posts/?q=dam&language=sql"
    assert "1 of 3 posts" in one(page, "[role=status]").text


def test_an_archive_without_posts_says_so(client: FlaskClient) -> None:
    assert "has not been published yet" in client.get("/posts/").text


@pytest.mark.usefixtures("posted")
def test_a_page_says_what_of_whom_and_on_which_data(client: FlaskClient) -> None:
    page = read(client, "/posts/penguins-who-is-who")
    assert one(page, "h1").text == "Who is who among the penguins"
    assert one(page, ".dek").text == "Which two measurements tell the species apart?"
    about = one(page, ".about")
    assert [a["href"] for a in about.select("a")] == [
        "/datasets/penguins",
        "/datasets/penguins/v/1.0.0/",
        "https://spdx.org/licenses/MIT.html",
    ]
    assert "Ada Example" in one(page, ".byline").text
    assert "It is about version 1.0.0 of the data" in one(page, ".older").text
    assert str(one(page, "link[rel=canonical]")["href"]).endswith("/posts/penguins-who-is-who")


@pytest.mark.usefixtures("posted")
@pytest.mark.parametrize("slug", ["nile-draft", "nile-gone", "nowhere"])
def test_what_is_not_public_is_not_there(client: FlaskClient, slug: str) -> None:
    for path in (slug, f"{slug}.py", f"{slug}.ipynb", f"{slug}/figures/1.png"):
        assert client.get(f"/posts/{path}").status_code == 404


@pytest.mark.usefixtures("posted")
def test_code_is_coloured_by_classes_and_reads_from_an_address(client: FlaskClient) -> None:
    page = read(client, "/posts/penguins-who-is-who")
    code = one(page, "code.code")
    assert f'pd.read_csv("{ADDRESS}")' in code.text
    assert code.select("span.kn")
    assert "../data/" not in page.text
    assert not page.select("[style], style")


@pytest.mark.usefixtures("posted")
def test_a_table_is_a_table_to_scroll_with_numbers_to_the_right(client: FlaskClient) -> None:
    box = one(read(client, "/posts/penguins-who-is-who"), ".output.scroll")
    assert box["tabindex"] == "0"
    assert box["aria-label"] == "A table with 2 rows"
    assert [cell.get("class") for cell in box.select("th")] == [None, ["number"]]
    assert [cell.text for cell in box.select("td")] == ["Adelie", "39.3", "Gentoo", "48.1"]
    note = box.find_next_sibling()
    assert note is not None
    assert note.text == "2 of 3 rows"


def test_each_kind_of_output_is_shown(client: FlaskClient, installation: Installation) -> None:
    outputs = (
        Text("printed <b>"),
        Error("ValueError: <no>"),
        Prose("**said**"),
        Html("<p>kept</p><script>no()</script>"),
        Table((), (("1", "x"),)),
        Note("An interactive output is shown in the notebook."),
    )
    with installation.db.write() as session:
        version = factories.dataset(session, installation.storage)
        cells = (Code("python", "1", True, outputs), Code("nonsense", "x < 1", False))
        factories.post(session, version, cells=cells)
    page = read(client, "/posts/penguins-who-is-who")
    assert one(page, "pre.text").text == "printed <b>"
    assert one(page, "pre.error").text == "ValueError: <no>"
    assert [prose.decode_contents() for prose in page.select(".output.prose")] == [
        "<p><strong>said</strong></p>\n",
        "<p>kept</p>",
    ]
    assert one(page, ".under").text == "An interactive output is shown in the notebook."
    assert page.select(".unrun .source")[0]["data-language"] == "Nonsense"


@pytest.fixture
def drawn(installation: Installation) -> str:
    """A post with two figures; the key of the second."""
    storage = installation.storage
    with installation.db.write() as session:
        version = factories.dataset(session, storage)
        keys = [factories.store(storage, factories.png(width), ".png") for width in (30, 40)]
        figures = tuple(Figure(key, 40, 40, f"Alt “{key[:2]}”") for key in keys)
        factories.post(session, version, cells=(Code("python", "plot()", True, figures),))
    return keys[1]


def test_a_figure_is_served_from_storage_for_ever(client: FlaskClient, drawn: str) -> None:
    images = read(client, "/posts/penguins-who-is-who").select("figure img")
    address = "/posts/penguins-who-is-who/figures/2.png"
    assert images[1]["src"] == f"{address}?k={drawn[:12]}"
    assert images[1]["alt"] == f"Alt “{drawn[:2]}”"
    response = client.get(images[1]["src"])
    assert response.mimetype == "image/png"
    assert response.data == factories.png(40)
    assert response.cache_control.immutable
    assert response.cache_control.max_age == 365 * 24 * 3600
    assert response.get_etag()[0] == drawn.partition(".")[0]


def test_a_figure_at_an_address_without_its_key_is_asked_for_again(
    client: FlaskClient, drawn: str
) -> None:
    for query in ("", "?k=123456789012"):
        cache = client.get(f"/posts/penguins-who-is-who/figures/2.png{query}").cache_control
        assert not cache.immutable
        assert cache.max_age == 300


def test_there_is_no_figure_but_those_of_the_post(client: FlaskClient, drawn: str) -> None:
    for number in (0, 3, 10**30):
        path = f"/posts/penguins-who-is-who/figures/{number}.png"
        assert client.get(path).status_code == 404


@pytest.mark.parametrize(
    ("status", "changed", "said"),
    [
        (RunStatus.RAN, False, "ran on Monday 23 November 2026 with Python 3.12.3, pandas 2.3.3"),
        (RunStatus.RAN, True, "changed since it ran on Monday 23 November 2026"),
        (RunStatus.FAILED, False, "no longer runs"),
        (RunStatus.REFUSED, False, "no longer runs"),
    ],
)
def test_it_says_whether_it_still_runs(
    client: FlaskClient, installation: Installation, status: RunStatus, changed: bool, said: str
) -> None:
    with installation.db.write() as session:
        version = factories.dataset(session, installation.storage)
        post = factories.post(session, version, runs=[])
        post.runs = [factories.run(post, status, error="KeyError: 'bill'")]
        if changed:
            post.source_key = f"{'f' * 64}.md"
    page = read(client, "/posts/penguins-who-is-who")
    assert said in " ".join(one(page, ".about").text.split())
    note = page.select_one(".erratum")
    assert (note is None) == (status is RunStatus.RAN)
    if note is not None:
        assert one(note, "pre").text == "KeyError: 'bill'"
        listed = client.get("/posts/").text
        assert "no longer runs" in listed


def test_it_says_that_it_was_not_tried(client: FlaskClient, installation: Installation) -> None:
    with installation.db.write() as session:
        version = factories.dataset(session, installation.storage)
        factories.post(session, version, runs=[])
    assert "not tried here yet" in client.get("/posts/penguins-who-is-who").text


@pytest.mark.usefixtures("posted")
def test_a_post_is_taken_away_in_its_own_language(client: FlaskClient) -> None:
    for slug, suffixes in (
        ("penguins-who-is-who", ["py", "ipynb", "md"]),
        ("nile-dam", ["sql", "ipynb", "md"]),
        ("penguins-model", ["R", "ipynb", "md"]),
    ):
        links = read(client, f"/posts/{slug}").select(".downloads a")
        assert [link["href"] for link in links] == [f"/posts/{slug}.{each}" for each in suffixes]
        for suffix in ("py", "ipynb", "md", "sql", "R"):
            response = client.get(f"/posts/{slug}.{suffix}")
            assert response.status_code == (200 if suffix in suffixes else 404)
            if suffix in suffixes:
                named = f"attachment; filename={slug}.{suffix}"
                assert response.headers["Content-Disposition"] == named
                assert response.headers["Access-Control-Allow-Origin"] == "*"
                assert ("../data/" in response.text) == (slug == "nile-dam")  # not its table


@pytest.mark.usefixtures("posted")
def test_a_notebook_is_opened_elsewhere(client: FlaskClient) -> None:
    links = read(client, "/posts/penguins-who-is-who").select(".explorers a")
    assert [(link.text, link["href"]) for link in links[:3]] == [
        (
            "Colab",
            f"https://colab.research.google.com/#fileId={quote(NOTEBOOK, safe='')}",
        ),
        (
            "nbviewer",
            "https://nbviewer.org/urls/news.example.org/posts/penguins-who-is-who.ipynb",
        ),
        (
            "Datasette Lite",
            f"https://lite.datasette.io/?csv={quote(ADDRESS, safe='')}",
        ),
    ]
    response = client.get("/posts/penguins-who-is-who.ipynb")
    assert response.content_type == "application/x-ipynb+json"
    assert json.loads(response.text)["nbformat"] == 4


@pytest.mark.usefixtures("posted")
@pytest.mark.parametrize(
    "path", ["/posts/", "/posts/penguins-who-is-who", "/posts/nile-dam.ipynb", "/calendar.ics"]
)
def test_no_cookie_is_set_and_none_is_looked_at(client: FlaskClient, path: str) -> None:
    response = client.get(path)
    assert "Set-Cookie" not in response.headers
    assert "Cookie" not in response.headers.get("Vary", "")
