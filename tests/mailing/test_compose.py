"""From facts to a Monday issue, with no database."""

from dataclasses import replace

from newsletter.mailing.compose import compose, compose_issue
from newsletter.mailing.content import CorrectionContent, Fact, IssueContent, PostLink
from newsletter.mailing.facts import Chart
from newsletter.mailing.posts.post_content import PostContent
from newsletter.mailing.render import render_issue
from newsletter.posts.cells import Prose
from tests.mailing.sample import png
from tests.mailing.sample_facts import (
    BARE,
    DATASET,
    TABLE,
    correction_facts,
    issue_facts,
    mailing_facts,
    post_facts,
)


def test_each_kind_of_mailing_is_composed() -> None:
    assert isinstance(compose(issue_facts()), IssueContent)
    assert isinstance(compose(post_facts([Prose("Look.")])), PostContent)
    assert isinstance(compose(correction_facts()), CorrectionContent)


def test_a_glance_says_how_much_it_is_of_whom_and_under_what_licence() -> None:
    assert compose_issue(issue_facts()).glance == (
        Fact("Size", "344 rows × 3 columns"),
        Fact("Download", "15 kB as CSV, 1.0 MB as Parquet"),
        Fact("Licence", "CC0-1.0", "https://spdx.org/licenses/CC0-1.0.html"),
        Fact("Coverage", "Palmer Archipelago, 2007 to 2009"),
        Fact("Source", "palmerpenguins, Allison Horst", "https://example.org/palmer"),
    )


def test_further_tables_are_named() -> None:
    tables = (TABLE, replace(TABLE, name="nests", rows=1200))
    content = compose_issue(issue_facts(dataset=replace(DATASET, tables=tables)))
    assert content.glance[1] == Fact("Also", "nests (1,200 rows)")


def test_what_a_draft_lacks_is_not_printed() -> None:
    bare = issue_facts(
        dataset=BARE, first_rows=(), questions=(), caveats=(), curator="", hat_tip="", chart=None,
        posts=(),
    )  # fmt: skip
    content = compose_issue(bare)
    mail = render_issue(content)
    assert [fact.label for fact in content.glance] == ["Size", "Download", "Source"]
    assert content.credit == ""
    for body in (mail.text, mail.html):
        assert "None" not in body
        assert "spdx.org" not in body


def test_a_curators_words_come_before_the_datasets_own() -> None:
    plain = compose_issue(issue_facts())
    assert (plain.preheader, plain.why.text) == (DATASET.summary, "Each row is one penguin.")
    written = mailing_facts(subject="Ours", preheader="Said", intro="Some *words*.")
    content = compose_issue(issue_facts(mailing=written))
    assert (content.subject, content.preheader) == ("Ours", "Said")
    assert (content.why.text, str(content.why.html)) == (
        "Some words.",
        "<p>Some <em>words</em>.</p>\n",
    )


def test_columns_of_numbers_align_to_the_right_and_codes_do_not() -> None:
    preview = compose_issue(issue_facts()).preview
    assert preview.headers == ("species", "ring", "bill_mm")
    assert preview.rows == (("Adelie", "0042", "39.1"), ("Gentoo", "0107", ""))
    assert preview.numeric == (False, False, True)


def test_a_preview_has_as_many_rows_columns_and_characters_as_a_mail_has_room_for() -> None:
    wide = replace(TABLE, columns=TABLE.columns * 3)
    rows = (("x" * 50,) * 9,) * 10
    content = compose_issue(issue_facts(dataset=replace(DATASET, tables=(wide,)), first_rows=rows))
    assert len(content.preview.rows) == 5
    assert {len(row) for row in content.preview.rows} == {2} == {len(content.preview.headers)}
    assert content.preview.rows[0][0] == "x" * 19 + "…"
    assert len(content.preview.numeric) == 2
    assert len(content.columns) == 8


def test_a_preview_of_short_cells_has_seven_columns_and_a_number_is_never_cut() -> None:
    wide = replace(TABLE, columns=TABLE.columns * 3)
    rows = ((1, "Ann", 1.5) * 3,) * 10
    content = compose_issue(issue_facts(dataset=replace(DATASET, tables=(wide,)), first_rows=rows))
    assert len(content.preview.headers) == 7
    number = 1234567890123456789012345
    texts = (("a long text of many words", "b" * 30, number),) * 2
    preview = compose_issue(issue_facts(first_rows=texts)).preview
    assert preview.rows[0] == ("a long text of many…", "b" * 19 + "…", str(number))


def test_a_chart_is_as_wide_as_the_text() -> None:
    image = compose_issue(issue_facts(chart=Chart(png(1120, 700), "Bars."))).chart
    assert image is not None
    assert (image.width, image.height, image.alt) == (560, 350, "Bars.")
    assert image.cid == "chart.2026-11-23@penguins"


def test_credit_citation_and_the_weeks_posts_are_said() -> None:
    content = compose_issue(issue_facts())
    assert content.credit == (
        "Curated by Dataset Daily. Thanks to Allison Horst. Data by Kristen Gorman, LTER."
    )
    assert content.citation == DATASET.citation
    (post,) = content.posts
    assert post == PostLink(
        "Who is who among the penguins",
        "Which two measurements tell the species apart?",
        "Python",
        "https://news.example.org/posts/penguins-who-is-who",
    )


def test_marks_without_an_end_make_a_mail_all_the_same() -> None:
    stars = "*" * 2400
    dataset = replace(DATASET, description=f"{stars}a{stars}")
    mail = render_issue(compose_issue(issue_facts(dataset=dataset)))
    assert f"{stars}a{stars}" in mail.text
    assert f"{stars}a{stars}" in mail.html
