import re
from dataclasses import replace
from html.parser import HTMLParser
from pathlib import Path
from typing import Any

import jinja2
import nh3
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from markupsafe import Markup

from newsletter.errors import Invalid
from newsletter.mailing.content import IssueContent, Preview, Prose
from newsletter.mailing.placeholders import Placeholder
from newsletter.mailing.render import HTML_BYTES, render_issue, render_mail, render_page
from newsletter.resources import shipped
from tests.examples import examples
from tests.mailing.sample import BASE_URL, penguins_content

HOSTILE = "{{config}} {% raw %} ''.__class__ <script>alert(1)</script> \"><img src=x> & {#"
SECTIONS = (
    "Palmer penguins",
    "For decades every statistics course",
    "Scatter plot of bill depth",
    "At a glance",
    "First rows",
    "The columns",
    "Questions to start from",
    "Before you trust it",
    "Get the data",
    "pandas",
    "Credit",
    "Cite as",
    "Earlier on this topic",
    "Last week in code",
    "1 Data Street",
)
CONFIRMATION: dict[str, Any] = {
    "list_title": "Dataset Daily",
    "base_url": BASE_URL,
    "postal_address": "1 Data Street, 10001 New York",
    "confirm_url": f"{BASE_URL}/confirm/abc-123",
    "promise": "one open dataset every Monday.",
}
ALERT: dict[str, Any] = {
    "list_title": "Dataset Daily",
    "postal_address": "",
    "subject": "The issue of 23 November is paused",
    "lines": ["20 failures in a row.", "Look at the DNS records, then resume it."],
    "action_label": "Open the admin",
    "action_url": f"{BASE_URL}/admin/",
}


class Page(HTMLParser):
    """What a reader of the HTML meets: its tags with their attributes, and its words."""

    def __init__(self, html: str) -> None:
        super().__init__()
        self.tags: list[tuple[str, dict[str, str | None]]] = []
        self._words: list[str] = []
        self.feed(html)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append((tag, dict(attrs)))
        self._words += [dict(attrs).get("alt") or ""]

    def handle_data(self, data: str) -> None:
        if self.lasttag != "style":
            self._words.append(data)

    @property
    def words(self) -> str:
        return "".join(self._words)

    def all(self, tag: str) -> list[dict[str, str | None]]:
        return [attrs for name, attrs in self.tags if name == tag]


def hostile_issue() -> IssueContent:
    issue = penguins_content()
    assert issue.chart
    return replace(
        issue,
        list_title=HOSTILE,
        subject=HOSTILE,
        preheader=HOSTILE,
        title=HOSTILE,
        chart=replace(issue.chart, alt=HOSTILE),
        glance=(replace(issue.glance[0], label=HOSTILE, value=HOSTILE),),
        preview=Preview((HOSTILE,), ((HOSTILE,),), (False,)),
        columns=(
            replace(
                issue.columns[0], name=HOSTILE, type=HOSTILE, description=HOSTILE, profile=HOSTILE
            ),
        ),
        questions=(HOSTILE,),
        caveats=(HOSTILE,),
        loaders=(replace(issue.loaders[0], code=HOSTILE),),
        credit=HOSTILE,
        citation=HOSTILE,
        postal_address=HOSTILE,
    )


def contrast(one: list[int], other: list[int]) -> float:
    """By WCAG 2.2, from 1 to 21."""
    brightness = []
    for rgb in (one, other):
        red, green, blue = (
            v / 255 / 12.92 if v / 255 <= 0.04045 else ((v / 255 + 0.055) / 1.055) ** 2.4
            for v in rgb
        )
        brightness.append(0.2126 * red + 0.7152 * green + 0.0722 * blue)
    return (max(brightness) + 0.05) / (min(brightness) + 0.05)


def test_the_sections_come_in_order_in_the_text_and_in_the_html() -> None:
    mail = render_issue(penguins_content())
    page = Page(mail.html.partition("<body")[2])
    for words in (mail.text.lower(), page.words.lower()):
        found = [words.find(section.lower()) for section in SECTIONS]
        assert -1 not in found
        assert found == sorted(found)


def test_the_text_is_complete() -> None:
    issue = penguins_content()
    text = render_issue(issue).text
    flat = " ".join(text.split())
    assert issue.chart
    for wanted in [
        issue.why.text,
        issue.preheader,
        issue.chart.alt,
        *issue.questions,
        *issue.caveats,
        issue.credit,
        issue.citation,
        *(word for fact in issue.glance for word in (fact.label, fact.value, fact.url or "")),
        *(word for c in issue.columns for word in (c.name, c.type, c.description, c.profile)),
        *(cell for row in issue.preview.rows for cell in row),
        *issue.preview.headers,
        *(post.url for post in issue.posts),
        *(post.title for post in issue.posts),
    ]:
        assert " ".join(wanted.split()) in flat
    for loader in issue.loaders:
        assert f"\n{loader.code}\n" in text
    for url in (issue.csv_url, issue.parquet_url, issue.page_url, issue.public_url):
        assert url in text.split()


def test_the_text_never_sends_the_reader_to_the_browser() -> None:
    assert "in browser" not in render_issue(penguins_content()).text.lower()


def test_the_text_is_at_most_78_wide_but_for_urls_and_code() -> None:
    issue = penguins_content()
    code = {line for loader in issue.loaders for line in loader.code.splitlines()}
    for line in render_issue(issue).text.splitlines():
        assert len(line) <= 78 or line in code or "https://" in line


def test_the_mail_opens_with_the_preheader() -> None:
    issue = penguins_content()
    body = render_issue(issue).html.partition("<body")[2]
    assert Page(body).words.partition(issue.preheader)[0].strip(" \n>").startswith("style=")


def test_every_image_has_alt_text_and_a_size_and_comes_along() -> None:
    mail = render_issue(penguins_content())
    (image,) = Page(mail.html).all("img")
    assert image["src"] == f"cid:{mail.images[0].cid}"
    assert image["alt"] == mail.images[0].alt
    assert (image["width"], image["height"]) == ("560", "340")
    assert "height:auto" in (image["style"] or "")


def test_an_issue_without_a_chart_has_no_image() -> None:
    mail = render_issue(penguins_content(chart=None))
    assert mail.images == ()
    assert not Page(mail.html).all("img")
    assert "[Chart]" not in mail.text


def test_what_is_empty_leaves_no_heading() -> None:
    mail = render_issue(penguins_content(questions=(), caveats=(), previous=None, posts=()))
    for heading in ("Questions to start", "Before you trust", "Earlier on", "Last week"):
        assert heading.lower() not in mail.text.lower()
        assert heading not in mail.html
    assert "\n\n\n" not in mail.text


def test_a_column_without_a_description_leaves_no_empty_line() -> None:
    bare = replace(penguins_content().columns[0], description="")
    mail = render_issue(penguins_content(columns=(bare,), credit=""))
    assert "species (string)  █▇▄\n  Adelie 152" in mail.text
    assert "\n\n\n" not in mail.text
    assert "<br /><br />" not in mail.html


def test_the_html_stays_under_the_size_that_gmail_clips() -> None:
    issue = penguins_content()
    wide = Preview(
        issue.preview.headers * 2,
        tuple(row * 2 for row in issue.preview.rows),
        issue.preview.numeric * 2,
    )
    mail = render_issue(replace(issue, preview=wide, columns=issue.columns + issue.columns[:2]))
    assert len(mail.html.encode()) < HTML_BYTES


def test_an_issue_that_gmail_would_clip_is_refused_with_its_size() -> None:
    long = Prose(Markup("<p>" + "x" * HTML_BYTES + "</p>"), "x")
    with pytest.raises(Invalid, match=r"has 1\d\d KB"):
        render_issue(penguins_content(why=long))


def test_dark_mode_is_declared_and_styled() -> None:
    html = render_issue(penguins_content()).html
    assert {"name": "color-scheme", "content": "light dark"} in Page(html).all("meta")
    assert "@media (prefers-color-scheme: dark)" in html


def test_every_text_colour_is_readable_as_it_is_and_inverted() -> None:
    body = render_issue(penguins_content()).html.partition("<body")[2]
    colours = set(re.findall(r"[;\"]color:(#\w{6})", body)) - {"#ffffff"}
    assert len(colours) == 4
    for colour in colours:
        large = colour == "#d1495b"  # of the numerals only: WCAG 1.4.3 asks less of large text
        rgb = [int(colour[i : i + 2], 16) for i in (1, 3, 5)]
        assert contrast(rgb, [255, 255, 255]) >= (3 if large else 4.5)
        assert contrast([255 - value for value in rgb], [0, 0, 0]) >= (3 if large else 4.5)


def test_the_footer_has_a_hole_for_each_personal_link_and_no_other() -> None:
    mail = render_issue(penguins_content())
    for body in (mail.text, mail.html):
        assert (
            body.count(Placeholder.UNSUBSCRIBE.value)
            == body.count(Placeholder.PREFERENCES.value)
            == 1
        )
        assert f"{BASE_URL}/unsubscribe/{Placeholder.UNSUBSCRIBE.value}" in body
        assert f"{BASE_URL}/preferences/{Placeholder.PREFERENCES.value}" in body
    links = {a["href"] for a in Page(mail.html).all("a")}
    assert f"{BASE_URL}/issues/2026-11-23" in links


def test_the_public_page_has_nothing_personal() -> None:
    page = render_page(penguins_content(), "/issues/2026-11-23")
    assert not any(placeholder.value in page for placeholder in Placeholder)
    assert "unsubscribe" not in page.lower()
    assert Page(page).all("img")[0]["src"] == "/issues/2026-11-23/chart.png"
    assert f"{BASE_URL}/subscribe" in {a["href"] for a in Page(page).all("a")}


def test_curators_text_is_data_and_never_a_template() -> None:
    mail = render_issue(hostile_issue())
    assert mail.subject == HOSTILE
    assert mail.text.count("{{config}}") >= 15
    page = Page(mail.html)
    assert page.words.count(HOSTILE) >= 15
    assert not page.all("script")
    assert [image["src"] for image in page.all("img")] == ["cid:chart@issue"]


def test_a_curators_text_cannot_make_a_hole() -> None:
    forged = f"before {Placeholder.UNSUBSCRIBE.value}{Placeholder.PREFERENCES.value} after"
    mail = render_issue(
        penguins_content(
            credit=forged,
            subject=forged,
            why=Prose(Markup("<p>") + forged + Markup("</p>"), forged),
        )
    )
    assert Placeholder.UNSUBSCRIBE.value not in mail.subject
    assert mail.html.count(Placeholder.UNSUBSCRIBE.value) == 1
    assert mail.text.count(Placeholder.UNSUBSCRIBE.value) == 1
    for body in (mail.text, Page(mail.html).words):
        assert "before \ufffd\ufffd after" in body


def test_an_attribute_comes_out_as_it_went_in() -> None:
    issue = penguins_content()
    assert issue.chart
    alt = 'A "quoted" C:\\path, 5\u00a0mm, caf\u00e9, \u0301 \U0001f427 & <b>'
    mail = render_issue(replace(issue, chart=replace(issue.chart, alt=alt.replace(",", ",\n"))))
    shown = Page(mail.html).all("img")[0]["alt"]
    assert shown == " ".join(alt.replace(",", ",\n").split())


@settings(max_examples=examples(60), deadline=None)
@given(st.text(st.characters(codec="utf-8")), st.text(st.sampled_from("<>&\"'{%}/=ab \n\x00\x0b")))
def test_any_text_renders(text: str, odd: str) -> None:
    why = Prose(Markup(nh3.clean(odd + text)), text)
    mail = render_issue(
        penguins_content(title=text, subject=odd, credit=odd, why=why, questions=(text, odd))
    )
    assert Page(mail.html).all("h1")
    assert "\n" not in mail.subject


def test_rendering_twice_gives_the_same() -> None:
    assert render_issue(penguins_content()) == render_issue(penguins_content())


def test_the_confirmation_has_its_link_in_both_parts_and_says_what_comes() -> None:
    mail = render_mail("confirmation", **CONFIRMATION)
    assert mail.subject == "Confirm your subscription to Dataset Daily"
    assert CONFIRMATION["confirm_url"] in mail.text.splitlines()
    assert CONFIRMATION["confirm_url"] in {a["href"] for a in Page(mail.html).all("a")}
    assert "one open dataset every Monday." in mail.text
    assert "One open dataset every Monday." in mail.html
    assert not any(placeholder.value in mail.text + mail.html for placeholder in Placeholder)


def test_an_alert_says_what_happened_and_where_to_act() -> None:
    mail = render_mail("alert", **ALERT)
    assert mail.subject == "[Dataset Daily] The issue of 23 November is paused"
    for body in (mail.text, Page(mail.html).words):
        assert "20 failures in a row." in body
        assert "then resume it." in body
    assert ALERT["action_url"] in mail.text
    assert ALERT["action_url"] in {a["href"] for a in Page(mail.html).all("a")}


def test_what_a_server_said_is_escaped_in_an_alert() -> None:
    mail = render_mail("alert", **ALERT | {"lines": ["550 <script>alert(1)</script> {{config}}"]})
    assert not Page(mail.html).all("script")
    assert "{{config}}" in Page(mail.html).words


def test_a_missing_value_is_an_error_and_not_an_empty_line() -> None:
    with pytest.raises(jinja2.UndefinedError):
        render_mail("alert", list_title="Dataset Daily", subject="x")


def test_the_templates_ship_as_three_files_a_mail() -> None:
    for folder in (path for path in (shipped("templates") / "email").iterdir() if path.is_dir()):
        assert {Path(p).name for p in folder.iterdir()} == {"subject.txt", "body.txt", "body.mjml"}


def test_nothing_is_fetched_from_anywhere_when_it_is_opened() -> None:
    # mrml asks Google for each font of a stack that it knows to be there, such as Roboto.
    html = render_issue(penguins_content()).html
    assert "<link" not in html
    assert "@import" not in html
    assert "fonts.googleapis" not in html
