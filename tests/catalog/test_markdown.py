"""Curators' Markdown: safe as HTML, readable as plain text."""

import time
from collections.abc import Callable

import pytest

from newsletter.catalog.markdown import beginning, clean, plain, render

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


def test_html_of_others_is_cleaned_by_the_same_rule() -> None:
    html = '<p onclick="x">a <b>b</b> <a href="https://a.example" style="x">c</a></p><img src=x>'
    assert clean(html) == f'<p>a b <a href="https://a.example" {REL}>c</a></p>'


def dense(rows: int) -> str:
    """A table whose short rows are filled up to many times the length of its text."""
    columns = 5000 // 8
    head = "|".join("a" * columns), "|".join("-" * columns)
    return "\n".join((*head, *("|" for _ in range(rows))))


def test_marks_without_an_end_are_shown_as_they_were_typed() -> None:
    stars = "*" * 2400
    assert render(f"{stars}a{stars}") == f"<p>{stars}a{stars}</p>\n"
    assert plain(f"{stars}a{stars}") == f"{stars}a{stars}"


def test_a_table_that_grows_beyond_its_text_is_shown_as_it_was_typed() -> None:
    assert "<table>" not in render(dense(1000))
    assert plain(dense(1000)).startswith("a|a|a|")
    assert "<table>" in render("a|b|c\n-|-|-\n" + "1|2|3\n" * 1000)


def test_what_is_too_long_keeps_its_paragraphs_and_its_lines() -> None:
    text = "**One** <b>\n  two\r\n\r\n" + "x" * 100_000
    assert render(text).startswith("<p>**One** &lt;b&gt;<br>\ntwo</p>\n<p>xxx")
    assert plain(text).startswith("**One** <b>\ntwo\n\nxxx")


def test_as_many_levels_as_a_person_writes_are_set() -> None:
    text = "**bold *slanted ~~gone [`link`](https://a.example)~~* text**"
    for _ in range(5):
        text = f"> - {text}"
    assert plain(text).endswith("bold slanted gone link (https://a.example) text")
    assert "<code>link</code>" in render(text)


@pytest.mark.parametrize(
    ("characters", "begun"),
    [(0, ""), (26, "First.\n"), (27, "First.\n\n- one\u2028two\n- three\n\n"), (51, None)],
)
def test_a_beginning_is_whole_blocks(characters: int, begun: str | None) -> None:
    text = "First.\n\n- one\u2028two\n- three\n\n| a |\n|---|\n| 1 |\n\nLast."
    assert beginning(text, characters) == (text if begun is None else begun)


def test_the_beginning_of_what_is_too_long_to_be_set_is_whole_paragraphs() -> None:
    text = "*One*\n*two*\n\n" + "x" * 100_000
    assert beginning(text, 6_000) == "*One*\n*two*\n"


HOSTILE = {
    "stars": "*", "stars and letters": "*a ", "mixed emphasis": "*a_**b ", "struck": "~~a ",
    "brackets": "[", "closing": "]", "links": "[a](", "titles": '[a](b "', "references": "[a][",
    "definitions": "[a]: ", "pictures": "![](", "pictures in pictures": "![[]()",
    "quotes": "> ", "quoted lines": ">\n", "lazy": "> - a\nb\n", "items": "- ", "lists": "- a\n",
    "numbers": "1. ", "backticks": "`", "code": "`a ", "fences": "```\n", "angles": "<",
    "addresses": "<http://", "entities": "&#", "backslashes": "\\", "pipes": "|",
    "headings": "#\n", "underlined": "a\n=\n", "blanks": " ", "blank lines": "\n", "tabs": "\t-",
    "breaks": "a  \n", "rules": "---\n", "NULs": "\0",
}  # fmt: skip
LENGTH = 30_000
SHAPES = {
    "opened and closed": "*" * 14_999 + "a" + "*" * 15_000,
    "nested brackets": "[" * 15_000 + "]" * 15_000,
    "nested links": "[" * 5_900 + "a" + "](b)" * 5_900,
    "nested pictures": "![" * 4_900 + "a" + "](b)" * 4_900,
    "nested lists": "\n".join("  " * depth + "- a" for depth in range(165)),
    "nested quotes": "\n".join(" " * depth + ">" for depth in range(240)),
    "runs of backticks": " ".join("`" * length for length in range(1, 240)),
    "references to one": "[a]: /u\n\n" + "[a]" * 9_900,
    "many definitions": "".join(f"[{n}]: /u\n" for n in range(2_300)),
    "a dense table": dense(13_700),
    "a long item": "- a\n" + "  b\n" * 7_000,
}


@pytest.mark.parametrize("shape", [*HOSTILE, *SHAPES])
@pytest.mark.parametrize("show", [render, plain])
def test_nothing_that_is_typed_takes_long_or_goes_too_deep(
    show: Callable[[str], str], shape: str
) -> None:
    text = SHAPES.get(shape) or (HOSTILE[shape] * LENGTH)[:LENGTH]
    assert LENGTH * 0.8 < len(text) <= LENGTH
    began = time.process_time()
    show(text)
    assert time.process_time() - began < 3  # what takes time by the square of it takes minutes


@pytest.mark.parametrize("show", [render, plain])
def test_a_short_text_is_quick_whatever_it_holds(show: Callable[[str], str]) -> None:
    """Beyond the limit all is as it was typed, and four times the rows cost no four times more."""
    few, many = dense(450), dense(1800)
    assert show(many).count("|") == many.count("|")
    assert min(_cpu_of(show, many) for _ in range(2)) < 3 * min(
        _cpu_of(show, few) for _ in range(2)
    )


def _cpu_of(show: Callable[[str], str], text: str) -> float:
    began = time.process_time()
    show(text)
    return time.process_time() - began
