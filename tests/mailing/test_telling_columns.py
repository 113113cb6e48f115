"""Of a wide table a mail shows what tells most."""

from dataclasses import replace
from typing import Any

from newsletter.catalog.describe.facts import ColumnFacts
from newsletter.mailing.compose import compose_issue
from newsletter.mailing.render import render_issue
from newsletter.mailing.telling_columns import telling
from tests.mailing.sample_facts import DATASET, TABLE, issue_facts

WIDE = 1_000


def column(name: str, **profile: Any) -> ColumnFacts:
    whole = {"kind": "int", "unique": 20, "nan_proportion": 0.0, "statistics": {}, **profile}
    return replace(ColumnFacts(name, "integer"), profile=whole)


def test_the_first_columns_tell_as_much_as_others() -> None:
    assert telling([column(f"c{at}") for at in range(WIDE)], 3) == [0, 1, 2]
    assert telling([ColumnFacts("a", "string")], 3) == [0]


def test_what_tells_nothing_comes_last_and_all_stay_in_their_order() -> None:
    columns = [
        column("same", unique=1),
        column("empty", unique=0, nan_proportion=1.0),
        column("seldom", nan_proportion=0.9),
        column("essay", kind="string_text", statistics={"mean": 400.0}),
        column("name", kind="string_text", statistics={"mean": 12.0}),
        column("count"),
    ]
    assert [telling(columns, most) for most in (2, 3, 4)] == [[4, 5], [3, 4, 5], [2, 3, 4, 5]]


def test_a_mail_says_how_many_of_the_columns_it_has_and_where_all_are() -> None:
    columns = tuple(column(f"c{at}", unique=1 if at < 5 else 9) for at in range(WIDE))
    wide = replace(DATASET, tables=(replace(TABLE, columns=columns),))
    rows = (tuple(range(WIDE)),) * 9
    mail = render_issue(compose_issue(issue_facts(dataset=wide, first_rows=rows)))

    assert "7 of 1,000 columns" in mail.html
    assert f'href="{DATASET.url}#preview"' in mail.html
    assert f"7 of 1,000 columns; all of them: {DATASET.url}" in mail.text
    assert "8 of 1,000 columns" in mail.html
    assert "344 rows × 1,000 columns" in mail.text
    assert mail.text.count("c4 ") == 0
    assert "c11" in mail.text
    assert len(mail.html.encode()) < 90_000


def test_a_mail_of_all_columns_does_not_say_so() -> None:
    assert "see all of them" not in render_issue(compose_issue(issue_facts())).html


def test_rows_take_the_place_of_a_chart_that_is_not_there() -> None:
    drawn = render_issue(compose_issue(issue_facts())).html
    bare = render_issue(compose_issue(issue_facts(chart=None))).html
    assert drawn.index("At a glance") < drawn.index("First rows")
    assert bare.index("First rows") < bare.index("At a glance")
    assert bare.count('aria-label="First rows"') == drawn.count('aria-label="First rows"') == 1
    assert "<img" not in bare


def test_cells_and_names_of_another_script_have_their_own_direction() -> None:
    hebrew = replace(TABLE, columns=(ColumnFacts("עיר", "string"), ColumnFacts("name", "string")))
    facts = issue_facts(
        dataset=replace(DATASET, tables=(hebrew,)), first_rows=(("חיפה", "Haifa\nport"),)
    )
    html = render_issue(compose_issue(facts)).html
    assert html.count('dir="rtl"') == 3  # its head, its cell, its description
    assert "Haifa port" in html
