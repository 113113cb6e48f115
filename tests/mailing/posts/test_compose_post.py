"""A post as its mail: the question first, code that can be read, and never too long."""

import re
from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, date, datetime
from email import message_from_bytes, policy
from email.message import EmailMessage
from typing import Any

import pytest

from newsletter.catalog.describe.facts import ErratumFacts, Party
from newsletter.email_address import parse_address
from newsletter.mailing.facts import Run
from newsletter.mailing.frozen import Recipient
from newsletter.mailing.message import Headers, build
from newsletter.mailing.posts.compose_post import compose_post
from newsletter.mailing.posts.post_blocks import (
    FIGURES_AT_MOST,
    PRINTED_LINES,
    TABLE_ROWS,
    figures_with_room,
)
from newsletter.mailing.posts.post_content import Figure, PostContent, Printed, Remark, Rows, Words
from newsletter.mailing.render import HTML_BYTES, render_issue, render_page
from newsletter.posts import cells
from newsletter.posts.cells import Cell, Code, Error, Html, Note, Prose, Table, Text
from tests import factories
from tests.mailing.sample import BASE_URL, png
from tests.mailing.sample_facts import DATASET, WORK, mailing_facts, post_facts

SCRIPT = "<script>alert(1)</script>"


def composed(shown: Sequence[Cell] = factories.CELLS, **changes: Any) -> PostContent:
    return compose_post(post_facts(shown, **changes))


def of_outputs(*outputs: cells.Output, **changes: Any) -> PostContent:
    """The mail of a post whose one cell puts this out."""
    return composed([Prose("Look."), Code("python", "1", True, outputs)], **changes)


def figure(width: int = 1040, alt: str = "Three clouds") -> cells.Figure:
    return cells.Figure(f"{width}.png", width, width // 2, alt)


def pngs(*shown: cells.Figure) -> tuple[bytes, ...]:
    return tuple(png(figure.width, figure.height) for figure in shown)


def blocks(content: PostContent, kind: type) -> list[Any]:
    return [block for block in content.blocks if isinstance(block, kind)]


def test_the_question_comes_first_and_the_links_last() -> None:
    mail = render_issue(composed())
    assert mail.subject == "Who is who among the penguins"
    page = f"{BASE_URL}/posts/penguins-who-is-who"
    data = f"{BASE_URL}/datasets/penguins/v/1.0.0/"
    for body in (mail.text, mail.html.partition("<body")[2]):
        order = ["tell the species apart?", "by", "nearly", "groupby", "Adelie", "Go on from here"]
        places = [body.index(words) for words in order]
        assert places == sorted(places)
        for url in (page, f"{page}.ipynb", f"{page}.py", data, f"{data}penguins.csv"):
            assert url in body
        assert "Ran on 23 November 2026 with Python 3.12.3, pandas 2.3.3." in body


def test_code_reads_from_the_address_of_the_published_file() -> None:
    mail = render_issue(composed())
    address = f'read_csv("{BASE_URL}/datasets/penguins/v/1.0.0/penguins.csv")'
    assert address in mail.text
    assert "../data/" not in mail.text + mail.html


def test_code_keeps_its_lines_in_the_html() -> None:
    source = 'def f(x):\n    if x:\n        return "a"\n    return "b"\n\n\nf(1)'
    mail = render_issue(composed([Code("python", source, True)]))
    found = re.search(r"<pre[^>]*>(.*?)</pre>", mail.html, re.DOTALL)
    assert found is not None
    shown = re.sub(r"<[^>]+>", "", found[1])
    for reference, text in (("&#32;", " "), ("&#10;", "\n"), ("&#34;", '"')):
        shown = shown.replace(reference, text)
    assert shown == source
    assert source in mail.text


def test_there_is_nothing_but_inline_styles_in_code() -> None:
    mail = render_issue(composed())
    for code in re.findall(r"<pre.*?</pre>", mail.html, re.DOTALL):
        assert "class=" not in code
    assert "<script" not in mail.html


def test_figures_travel_in_the_mail_with_their_size_and_words() -> None:
    large_one, small_one = figure(), figure(300, "A small one")
    content = of_outputs(large_one, small_one, figures=pngs(large_one, small_one))
    large, small = (block.image for block in blocks(content, Figure))
    assert (large.width, large.height, large.alt) == (560, 280, "Three clouds")
    assert (small.width, small.height, small.name) == (300, 150, "figure-2")
    mail = render_issue(content)
    assert f'src="cid:{large.cid}" alt="Three clouds" width="560" height="280"' in mail.html
    assert "[Figure] Three clouds" in mail.text
    page = render_page(content, "/issues/2026-11-24-post")
    assert 'src="/issues/2026-11-24-post/figure-2.png"' in page


def test_a_mail_program_finds_each_figure_that_the_html_names() -> None:
    shown = figure(), figure(80)
    content = of_outputs(*shown, figures=pngs(*shown))
    headers = Headers("Daily <hello@news.example.org>", "Daily", datetime.now(UTC), None)
    nobody = Recipient(parse_address("reader@example.org"), None, "<1@example.org>", "x", "x")
    raw = build(render_issue(content), headers, nobody)
    message = message_from_bytes(raw, _class=EmailMessage, policy=policy.default)
    html = message.get_body(("html",))
    assert html is not None
    named = re.findall(r'src="cid:([^"]+)"', html.get_content())
    carried = [str(part["Content-ID"]).strip("<>") for part in message.walk()
               if part.get_content_type() == "image/png"]  # fmt: skip
    assert named == carried
    assert len(set(named)) == 2


def test_figures_that_have_no_room_are_on_the_site() -> None:
    shown = figure(alt="Of which there is none"), figure(20, "A small one")
    content = of_outputs(*shown, figures=(None, *pngs(shown[1])))
    (image,) = content.images
    assert (image.name, image.alt) == ("figure-1", "A small one")
    assert [block.text for block in blocks(content, Remark)] == ["Of which there is none"]
    assert "A figure on the site" in render_issue(content).html


@pytest.mark.parametrize(
    ("sizes", "has_room"),
    [
        ([10, 1_000_001, 10], [True, False, True]),
        ([1_000_000, 1_000_000, 1, 0], [True, True, False, True]),
        ([1] * (FIGURES_AT_MOST + 2), [True] * FIGURES_AT_MOST + [False] * 2),
        ([], []),
    ],
    ids=["too large", "too much", "too many", "none"],
)
def test_a_mail_has_room_for_some_figures(sizes: list[int], has_room: list[bool]) -> None:
    stored = {f"{n}.png": b"x" * size for n, size in enumerate(sizes)}
    shown = [cells.Figure(key, 10, 10, "") for key in stored]
    pngs = figures_with_room(shown, lambda figure, most: stored[figure.key][:most])
    assert [png is not None for png in pngs] == has_room
    assert [png for png in pngs if png is not None] == [
        png for png, fits in zip(stored.values(), has_room, strict=True) if fits
    ]


def test_long_outputs_are_folded_to_their_first_lines() -> None:
    (printed,) = blocks(of_outputs(Text("\n".join(f"line {n}" for n in range(300)))), Printed)
    assert printed.text.count("\n") == PRINTED_LINES - 1
    assert printed.text.endswith("line 11")
    assert printed.folded == "288 more lines"


def test_a_fold_leads_to_the_site() -> None:
    content = of_outputs(Text("\n" * 2 + "a\n" * 17))
    mail = render_issue(content)
    assert f'<a href="{content.page_url}" class="accent"' in mail.html
    assert "5 more lines on the site" in mail.html
    assert f"[5 more lines: {content.page_url}]" in mail.text


def test_a_few_lines_more_are_not_worth_a_fold() -> None:
    rows = Table(("a",), (("1",),) * (TABLE_ROWS + 4))
    content = of_outputs(Text("a\n" * (PRINTED_LINES + 4)), rows)
    assert [block.folded for block in content.blocks] == [""] * 4


def test_a_line_that_never_ends_is_cut() -> None:
    (printed,) = blocks(of_outputs(Text("x" * 50_000)), Printed)
    assert len(printed.text) < 200
    assert printed.folded == "The ends of long lines"


def test_of_an_error_the_end_is_shown() -> None:
    trace = "\n".join(f"  File {n}" for n in range(30)) + "\nKeyError: 'bill'"
    (printed,) = blocks(of_outputs(Error(trace)), Printed)
    assert printed.is_error
    assert printed.text.endswith("KeyError: 'bill'")
    assert printed.folded == "23 more lines"


def test_a_table_is_folded_to_its_first_rows_and_columns() -> None:
    header = tuple(f"column {n}" for n in range(10))
    table = Table(header, (("a long cell " * 9, *"123456789"),) * 300, "300 of 344 rows")
    (rows,) = blocks(of_outputs(table), Rows)
    assert (len(rows.preview.rows), len(rows.preview.headers)) == (TABLE_ROWS, 6)
    assert rows.folded == "292 more rows and 4 more columns"
    assert rows.note == "300 of 344 rows"


def test_a_table_without_rows_is_shown() -> None:
    mail = render_issue(of_outputs(Table(("a", "b"), ())))
    assert ">a</th>" in mail.html


@pytest.mark.parametrize(
    "shown",
    [
        [Prose("word " * 100)] * 10_000,
        [Code("python", "x = 1\n" * 500, True, (Text("y\n" * 500),))] * 300,
        [Prose("<" * 5_900)] * 40,
        [Prose("\n\n".join(f"Paragraph {n} " + "é" * 50 for n in range(2_000)))],
        [Prose("one paragraph without an end " * 10_000)],
        [Code("python", "\n".join("'" * 399 for _ in range(200)), True)] * 3,
        [Code("python", "1", True, (Table(("&" * 90,) * 30, (("<" * 90,) * 30,) * 99),))] * 90,
        [Code("python", "1", True, (Html("<p>" + "a<br>" * 1_000 + "</p>"),))] * 90,
    ],
    ids=["cells", "code", "marks", "paragraphs", "endless", "lines", "tables", "html"],
)
def test_whatever_the_size_of_a_post_its_mail_is_not_clipped(shown: list[Cell]) -> None:
    content = composed(shown)
    mail = render_issue(content)
    assert len(mail.html.encode()) <= HTML_BYTES
    assert f"{content.page_url}" in mail.html
    assert "on the site" in mail.html
    assert "more" in content.folded or any(block.folded for block in content.blocks)
    assert "</html>" in mail.html


def test_what_fits_is_shown_and_what_is_left_is_counted() -> None:
    content = composed([Prose("word " * 800)] * 60)
    shown = len(content.blocks)
    assert 10 < shown < 60
    assert content.folded == f"The rest of it ({60 - shown} more parts)"
    assert len(render_issue(content).html.encode()) > HTML_BYTES - 6_000


def test_a_long_passage_is_cut_between_its_blocks() -> None:
    text = "\n\n".join(f"Paragraph {n}. " + "word " * 100 for n in range(40))
    (words,) = blocks(composed([Prose(text)]), Words)
    assert words.folded == "The rest of this passage"
    assert words.prose.text.startswith("Paragraph 0.")
    assert words.prose.text.rstrip().endswith("word")


@pytest.mark.parametrize(
    "output",
    [
        Text(SCRIPT),
        Error(SCRIPT),
        Table((SCRIPT,), ((SCRIPT,),), SCRIPT),
        cells.Prose(f'{SCRIPT} <img src=x onerror="alert(1)"> [a](javascript:alert(1))'),
        Html(
            f'{SCRIPT}<p onclick="x">a</p><img src=x><style>*{{}}</style>'
            '<a href="javascript:x">b</a>'
        ),
        Note(SCRIPT),
    ],
    ids=lambda output: output.kind,
)
def test_no_output_carries_markup_of_its_own_into_a_mail(output: cells.Output) -> None:
    html = render_issue(of_outputs(output)).html.partition("<body")[2]
    assert "<script" not in html
    assert "<img" not in html
    assert "<style" not in html
    assert not re.search(r"<[^>]*\son\w+=", html)
    assert 'href="javascript' not in html


def test_words_of_strangers_are_never_a_template_or_a_hole() -> None:
    odd = "{{ config }} {% raw %} \ufdd0\ufdd1 <b>"
    work = replace(WORK, title=odd, question=odd, author=Party(odd))
    content = of_outputs(Text(odd), work=work, credit=odd)
    mail = render_issue(content)
    assert mail.html.count("\ufdd0") == mail.text.count("\ufdd0") == 1
    assert "{{ config }}" in mail.text
    assert "<b>" not in mail.html


def test_what_was_wrong_with_its_data_is_said() -> None:
    erratum = ErratumFacts("A digit was lost somewhere.", WORK.published, "2.0.0", BASE_URL)
    mail = render_issue(composed(dataset=replace(DATASET, erratum=erratum)))
    assert "Version 2.0.0 of the data corrects it." in " ".join(mail.text.split())
    assert "A digit was lost somewhere." in mail.html


def test_a_curators_words_stand_before_the_post() -> None:
    written = mailing_facts(subject="Ours", preheader="Our preheader", intro="Some *words* first.")
    content = composed(mailing=written)
    assert (content.subject, content.preheader) == ("Ours", "Our preheader")
    mail = render_issue(content)
    assert mail.text.index("Some words first.") < mail.text.index("The bill alone")


def test_a_post_that_never_ran_says_nothing_of_it() -> None:
    assert composed(last_run=None).ran == ""
    assert composed(last_run=Run(date(2026, 11, 23), {})).ran == "Ran on 23 November 2026."


def test_a_question_without_an_end_is_cut() -> None:
    content = of_outputs(work=replace(WORK, question="why " * 500))
    assert len(content.question) == 300
    assert content.preheader == content.question
