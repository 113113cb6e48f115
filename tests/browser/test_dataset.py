"""A dataset's page in a real browser: its table changes in place, its chart answers."""

import re
from collections.abc import Iterator

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Browser, Page, expect

from newsletter.installation import Installation
from tests import factories

pytestmark = pytest.mark.browser

MANY = "number,word,day\n" + "".join(
    f"{n},{'odd' if n % 2 else 'even'},2026-01-{n % 28 + 1:02}\n" for n in range(1, 161)
)
CHART = {
    "$schema": "https://vega.github.io/schema/vega-lite/v6.json",
    "transform": [{"calculate": "datum.number * 2", "as": "double"}],
    "height": 200,
    "mark": {"type": "bar", "color": "#1d2b33"},
    "encoding": {
        "x": {"field": "number", "type": "quantitative", "bin": True},
        "y": {"aggregate": "mean", "field": "double", "type": "quantitative"},
    },
}


@pytest.fixture(autouse=True)
def many(installation: Installation) -> None:
    with installation.db.write() as session:
        tables = {"many": MANY, "few": "a,b\n1,x\n2,y\n"}
        factories.dataset(session, installation.storage, "many", tables, chart_drawn=CHART)


@pytest.fixture
def page(browser: Browser, installation: Installation) -> Iterator[Page]:
    """Where nothing may be said to the console, and no page loaded again once it is open."""
    context = browser.new_context(base_url=installation.settings.base_url)
    opened = context.new_page()
    said: list[str] = []
    opened.on("console", lambda message: said.append(message.text))
    opened.on("pageerror", lambda error: said.append(str(error)))
    opened.goto("/datasets/many")
    opened.evaluate("window.still = true")
    yield opened
    assert opened.evaluate("window.still") is True
    context.close()
    assert said == []


def first_cell(page: Page, anchor: str = "preview") -> str:
    return page.locator(f"#{anchor} .rows tbody td").first.inner_text()


def test_sorting_and_paging_change_the_table_and_the_address(page: Page) -> None:
    page.locator("#preview th a", has_text="number").click()
    expect(page.locator("#preview th[aria-sort=ascending]")).to_have_count(1)
    page.locator("#preview th a", has_text="number").click()
    expect(page.locator("#preview th[aria-sort=descending]")).to_have_count(1)
    assert first_cell(page) == "160"
    page.get_by_role("link", name="Next ›").first.scroll_into_view_if_needed()
    before = page.evaluate("scrollY")
    page.get_by_role("link", name="Next ›").first.click()
    expect(page.locator("#preview [role=status]")).to_have_text("Rows 51–100 of 160")
    assert re.search(r"/datasets/many\?_sort_desc=number&_page=2#preview$", page.url)
    assert first_cell(page) == "110"
    assert page.evaluate("scrollY") == before
    page.go_back()
    expect(page.locator("#preview [role=status]")).to_have_text("Rows 1–50 of 160")


def test_typing_searches_and_the_cursor_stays(page: Page) -> None:
    field = page.get_by_label("Search the rows of many")
    field.press_sequentially("odd")
    expect(page.locator("#preview [role=status]")).to_contain_text("of 80")
    assert page.url.endswith("/datasets/many?_search=odd#preview")
    expect(field).to_be_focused()
    field.press_sequentially(" 7")
    expect(page.locator("#preview [role=status]")).to_contain_text("Rows 1–1 of 1")
    assert first_cell(page) == "7"


def test_filters_stay_open_while_they_are_used(page: Page) -> None:
    page.get_by_text("Filter by column").first.click()
    page.get_by_label("number, at least").fill("150")
    expect(page.locator("#preview [role=status]")).to_contain_text("of 11")
    page.get_by_label("word, is").select_option("even")
    expect(page.locator("#preview [role=status]")).to_contain_text("of 6")
    expect(page.get_by_label("number, at least")).to_be_visible()
    page.get_by_label("number, at least").fill("many")
    expect(page.get_by_role("alert")).to_contain_text("“many” is not a number.")
    expect(page.get_by_label("number, at least")).to_have_value("many")
    page.get_by_label("number, at least").fill("")
    expect(page.locator("#preview [role=status]")).to_contain_text("of 80")
    page.get_by_role("link", name="Show all").click()
    expect(page.locator("#preview [role=status]")).to_have_text("Rows 1–50 of 160")


def test_a_second_table_is_asked_by_itself(page: Page) -> None:
    page.locator("#preview-2 th a", has_text="b").click()
    expect(page.locator("#preview-2 th[aria-sort=ascending]")).to_have_count(1)
    page.locator("#preview-2 th a", has_text="b").click()
    expect(page.locator("#preview-2 .rows tbody td").first).to_have_text("2")
    assert "?_table=few&_sort_desc=b#preview-2" in page.url
    assert first_cell(page) == "1"
    page.go_back()
    expect(page.locator("#preview-2 .rows tbody td").first).to_have_text("1")


def test_the_chart_is_drawn_by_the_page_and_has_tooltips(page: Page) -> None:
    figure = page.locator("figure.chart")
    expect(figure).to_have_class(re.compile("is-interactive"), timeout=60_000)
    expect(figure.locator(".interactive svg")).to_be_visible()
    assert figure.locator("img").is_hidden()
    figure.locator("path[aria-roledescription=bar]").last.hover()
    expect(page.locator("#vg-tooltip-element")).to_contain_text("Mean of double")


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("width", [390, 1280])
def test_everybody_can_read_it(
    browser: Browser, installation: Installation, scheme: str, width: int
) -> None:
    context = browser.new_context(
        base_url=installation.settings.base_url,
        color_scheme="dark" if scheme == "dark" else "light",
        viewport={"width": width, "height": 844},
    )
    page = context.new_page()
    page.goto("/datasets/many?word__exact=odd&_sort=day&number__gte=x")
    page.goto("/datasets/many?word__exact=odd&_sort=day")
    expect(page.locator("figure.chart")).to_have_class(re.compile("is-interactive"), timeout=60_000)
    page.get_by_text("Filter by column").first.click()
    found = Axe().run(page).response["violations"]
    assert [(each["id"], each["nodes"][0]["html"][:120]) for each in found] == []
    assert page.evaluate("document.documentElement.scrollWidth") <= width
    context.close()


def test_it_works_without_javascript(browser: Browser, installation: Installation) -> None:
    context = browser.new_context(
        base_url=installation.settings.base_url, java_script_enabled=False
    )
    page = context.new_page()
    page.goto("/datasets/many")
    expect(page.locator("figure.chart img")).to_be_visible()
    page.get_by_text("Filter by column").first.click()
    page.get_by_label("number, at least").fill("159")
    page.get_by_role("button", name="Apply").first.click()
    assert page.url.endswith("/datasets/many?number__gte=159#preview")
    expect(page.locator("#preview [role=status]")).to_contain_text("Rows 1–2 of 2")
    page.locator("#preview th a", has_text="number").click()
    page.locator("#preview th a", has_text="number").click()
    assert first_cell(page) == "160"
    with page.expect_download() as download:
        page.get_by_role("link", name="Download these rows").click()
    assert download.value.suggested_filename == "many-rows.csv"
    context.close()
