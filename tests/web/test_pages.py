"""Long lists have pages: each entry is on one of them, whatever the list is narrowed to."""

from collections.abc import Iterator
from itertools import pairwise

import feedparser
import pytest
import time_machine
from bs4 import BeautifulSoup, Tag

from newsletter.settings import Settings
from tests import large_home
from tests.large_home import LARGE
from tests.web.conftest import TUESDAY
from tests.web.test_statement_counts import Home, home_of

# Each list, and what of it is an entry.
LISTS = {
    "/issues/": ".year li a",
    "/issues/?keyword=birds&year=2026&language=sql": ".year li a",
    "/datasets/": ".card h3 a",
    "/datasets/?q=bill+island&keyword=birds": ".card h3 a",
    "/posts/": ".year .posts > li div > a",
    "/posts/?language=sql&dataset=penguins": ".year .posts > li div > a",
    "/datasets/penguins/made-with": ".made li > div > a",
    "/admin/issues/": ".calendar.past li a.strong",
    "/admin/datasets/": "td a.strong",
    "/admin/datasets/?q=island": "td a.strong",
    "/admin/posts/": "td a.strong",
    "/admin/posts/?q=question+1": "td a.strong",
    "/admin/submissions/": "[aria-labelledby=waiting-title] td a.strong",
    "/admin/subscribers/?status=active": "td:first-child",
    "/admin/audit/?q=issues.plan": ".audit td.nowrap",
}


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Home]:
    settings = Settings.load(
        {
            "NEWSLETTER_HOME": str(tmp_path_factory.mktemp("large") / "home"),
            "NEWSLETTER_BASE_URL": "https://news.example.org",
            "NEWSLETTER_MAIL_FROM": "hello@news.example.org",
            "NEWSLETTER_POSTAL_ADDRESS": "1 Data Street",
            "SECRET_KEY": "a secret for the tests, 0123456789",
        }
    )
    with (
        time_machine.travel(TUESDAY, tick=False),  # before the clock of each test stands still
        home_of(large_home.copied(LARGE, settings)) as made,
    ):
        yield made


def soup(home: Home, path: str) -> BeautifulSoup:
    answer = home[1].get(path)
    assert answer.status_code == 200, path
    return BeautifulSoup(answer.text, "html.parser")


def link(page: BeautifulSoup, rel: str) -> str | None:
    """Where the way through the first list of a page leads to."""
    nav = page.select_one("nav.pages[aria-label]")
    found = nav.select_one(f"a[rel={rel}]") if nav else None
    return str(found["href"]) if found else None


@pytest.mark.parametrize("path", LISTS)
def test_the_pages_of_a_list_have_each_entry_once(home: Home, path: str) -> None:
    pages = [soup(home, path)]
    while following := link(pages[-1], "next"):
        pages.append(soup(home, following))
        assert len(pages) < 100
    entries = [str(entry) for page in pages for entry in page.select(LISTS[path])]
    assert len(entries) == len(set(entries)) > 0
    for page, after in pairwise(pages):
        assert len(page.select(LISTS[path])) >= len(after.select(LISTS[path])) > 0
        assert link(after, "prev")
    assert link(pages[0], "prev") is None


@pytest.mark.parametrize("path", LISTS)
def test_a_page_that_there_is_not_is_the_nearest(home: Home, path: str) -> None:
    entries = LISTS[path]
    first, last = (
        soup(home, path),
        soup(home, f"{path}{'&' if '?' in path else '?'}page={'9' * 30}"),
    )
    assert link(last, "next") is None
    for number in ("x", "", "-3", "0", "9" * 5000, "2.5", "%00", "²"):
        page = soup(home, f"{path}{'&' if '?' in path else '?'}page={number}")
        assert page.select(entries) == first.select(entries), number


def test_a_page_stays_with_what_its_list_is_narrowed_to(home: Home) -> None:
    first = soup(home, "/posts/?language=sql&year=2026")
    following = link(first, "next")
    assert following is not None
    assert {"language=sql", "year=2026", "page=2"} == set(following.partition("?")[2].split("&"))
    assert "Page 1 of" in first.select_one("nav.pages [aria-current=page]").text  # type: ignore[union-attr]


def test_each_page_of_a_public_list_says_which_it_is(home: Home) -> None:
    for path in ("/issues/", "/datasets/", "/posts/"):
        second, beyond = soup(home, f"{path}?page=2"), soup(home, f"{path}?page=99999")
        canonical = second.select_one("link[rel=canonical]")
        assert isinstance(canonical, Tag)
        assert canonical["href"] == f"https://news.example.org{path}?page=2"
        assert ", page 2 ·" in second.title.text  # type: ignore[union-attr]
        assert "99999" not in str(beyond.select_one("link[rel=canonical]"))


def test_the_two_lists_of_submissions_are_turned_apart(home: Home) -> None:
    page = soup(home, "/admin/submissions/?page=2&decided=2")
    names = ("waiting", "decided")
    navs = {
        name: page.select_one(f"nav[aria-label='Pages of {name} submissions']") for name in names
    }
    assert all("Page 2 of" in nav.text for nav in navs.values() if nav)
    assert "decided=2" in str(navs["waiting"])
    assert "page=2" in str(navs["decided"])


def test_a_feed_leads_to_what_is_older(home: Home) -> None:
    ids: list[str] = []
    address: str | None = "/feed.atom"
    while address and len(ids) < 200:
        feed = feedparser.parse(home[1].get(address.removeprefix("https://news.example.org")).data)
        assert not feed.bozo
        rels = {each.rel: each.href for each in feed.feed.links}
        assert rels["self"].endswith(address.removeprefix("https://news.example.org"))
        assert ("previous" in rels) == (len(ids) > 0)
        ids += [entry.id for entry in feed.entries]
        address = rels.get("next")
    assert len(ids) == len(set(ids)) >= 200
    assert rels["first"] == "https://news.example.org/feed.atom"


def test_a_json_feed_has_the_address_of_its_next_page(home: Home) -> None:
    browser = home[1]
    first = browser.get("/feed.json?kind=corrections").get_json()
    assert first["next_url"] == "https://news.example.org/feed.json?kind=corrections&page=2"
    last = browser.get("/feed.json?kind=corrections&page=2").get_json()
    assert "next_url" not in last
    assert last["feed_url"] == first["next_url"]
    assert len(last["items"]) > 0
    assert not {i["id"] for i in first["items"]} & {i["id"] for i in last["items"]}


def test_a_long_list_does_not_send_all_of_itself(home: Home) -> None:
    for path in (*LISTS, "/", "/datasets/penguins", "/posts/penguins-who-is-who", "/feed.atom"):
        assert len(home[1].get(path).data) < 160_000, path
