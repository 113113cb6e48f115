"""Curators' Markdown: safe as HTML, readable as plain text."""

import pytest

from newsletter.catalog.markdown import plain, render

ATTACKS = [
    "<script>alert(1)</script>",
    "<img src=x onerror=alert(1)>",
    "[click](javascript:alert(1))",
    "[click](data:text/html;base64,PHNjcmlwdD4=)",
    "[click](<java\nscript:alert(1)>)",
    "![pixel](https://tracker.example/p.gif)",
    '<svg onload="alert(1)"><style>*{display:none}</style></svg>',
    "<iframe src=https://evil.example></iframe>",
    '<a href="#" style="position:fixed" onclick="x()">x</a>',
    "<form action=https://evil.example><input name=password></form>",
]


def test_it_renders_commonmark_and_tables() -> None:
    html = render("Plot *depth* against **length**.\n\n| a | b |\n|---|---|\n| 1 | 2 |\n")
    assert "<em>depth</em>" in html
    assert "<strong>length</strong>" in html
    assert "<td>2</td>" in html


def test_its_headings_leave_h1_to_the_page() -> None:
    html = render("# Title\n\n###### Deep")
    assert "<h2>Title</h2>" in html
    assert "<h6>Deep</h6>" in html


@pytest.mark.parametrize("attack", ATTACKS)
def test_it_lets_no_active_markup_through(attack: str) -> None:
    html = render(f"before {attack} after\n\n{attack}")
    for tag in ("<script", "<img", "<svg", "<style", "<iframe", "<form", "<input", '<a href="#'):
        assert tag not in html
    assert 'href="javascript' not in html
    assert 'href="data' not in html


def test_braces_stay_braces() -> None:
    assert "{{ config }}" in render("{{ config }} {% raw %}")
    assert plain("{{ config }} {% raw %}") == "{{ config }} {% raw %}"


def test_plain_keeps_paragraphs_and_drops_marks() -> None:
    assert plain("The line\nslopes **down**.\n\nThen `x` up.") == (
        "The line slopes down.\n\nThen x up."
    )


def test_plain_gives_each_item_a_line() -> None:
    assert plain("Two:\n\n- one\n- two\n  - deep\n\n3. three\n4. four") == (
        "Two:\n\n- one\n- two\n  - deep\n\n3. three\n4. four"
    )


def test_plain_names_the_address_of_a_link_once() -> None:
    assert plain("[the paper](https://doi.org/1)") == "the paper (https://doi.org/1)"
    assert plain("<https://doi.org/1>") == "https://doi.org/1"
    assert plain("<ann@example.org>") == "ann@example.org"


def test_plain_of_a_table_is_a_line_a_row() -> None:
    assert plain("| a | b |\n|---|---|\n| 1 | 2 |") == "a | b\n1 | 2"


REL = 'rel="noopener nofollow"'


@pytest.mark.parametrize(
    ("text", "html", "words"),
    [
        (
            '![Bills & "depth"](https://example.org/a.png?b&c "t")',
            f'<a href="https://example.org/a.png?b&amp;c" {REL}>Bills &amp; "depth"</a>',
            'Bills & "depth" (https://example.org/a.png?b&c)',
        ),
        (
            "![](https://example.org/a.png)",
            f'<a href="https://example.org/a.png" {REL}>a picture</a>',
            "a picture (https://example.org/a.png)",
        ),
        (
            "[![Bills](https://example.org/a.png)](https://example.org/)",
            f'<a href="https://example.org/" {REL}>Bills</a>',
            "Bills (https://example.org/)",
        ),
        (
            "[See **![Bills](https://example.org/a.png)**](https://example.org/)",
            f'<a href="https://example.org/" {REL}>See <strong>Bills</strong></a>',
            "See Bills (https://example.org/)",
        ),
        ("![Bills](attachment:bills.png)", "Bills", "Bills"),
        ("![Bills](bills.png)", "Bills", "Bills"),
    ],
)
def test_a_picture_becomes_a_link_to_it(text: str, html: str, words: str) -> None:
    assert render(f"See {text}.") == f"<p>See {html}.</p>\n"
    assert plain(f"See {text}.") == f"See {words}."
