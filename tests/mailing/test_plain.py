from datetime import date

from hypothesis import given
from hypothesis import strategies as st

from newsletter.mailing.content import Preview
from newsletter.mailing.plain import WIDTH, heading, long_date, sparkline, table, wrap


def test_it_wraps_paragraphs_and_keeps_the_blank_line_between_them() -> None:
    wrapped = wrap("one " * 30 + "\n\n" + "two " * 3)
    first, second = wrapped.split("\n\n")
    assert max(map(len, first.splitlines())) <= WIDTH
    assert first.split() == ["one"] * 30
    assert second == "two two two"


def test_a_paragraph_broken_in_the_source_is_joined() -> None:
    assert wrap("one\ntwo\nthree") == "one two three"


def test_list_items_stay_on_lines_of_their_own_and_hang() -> None:
    lines = wrap("- first\n- " + "long " * 20 + "\n1. last").splitlines()
    assert lines[0] == "- first"
    assert lines[1].startswith("- long")
    assert lines[2].startswith("  long")
    assert lines[3] == "1. last"


def test_a_url_is_never_cut() -> None:
    url = "https://example.org/" + "x" * 200
    assert url in wrap(f"See {url} for more").splitlines()


def test_what_follows_a_lead_hangs_under_it() -> None:
    lines = wrap("word " * 30, "* ").splitlines()
    assert lines[0].startswith("* word")
    assert all(line.startswith("  word") for line in lines[1:])


def test_a_heading_is_underlined_at_its_width() -> None:
    assert heading("At a glance") == "At a glance\n-----------"


def test_a_narrow_table_stands_upright_with_numbers_to_the_right() -> None:
    preview = Preview(
        ("name", "mass"), (("Ann", "9"), ("Bartholomew", "1,250.5"), ("", "")), (False, True)
    )
    assert table(preview).splitlines() == [
        "name            mass",
        "Ann                9",
        "Bartholomew  1,250.5",
        "–                  –",
    ]


def test_a_table_too_wide_lies_on_its_side() -> None:
    headers = tuple(f"a_rather_long_name_{i}" for i in range(6))
    preview = Preview(
        headers, tuple(tuple(str(n * 6 + i) for i in range(6)) for n in range(3)), (True,) * 6
    )
    lines = table(preview).splitlines()
    assert [line.split()[0] for line in lines] == list(headers)
    assert lines[1].split() == ["a_rather_long_name_1", "1", "7", "13"]
    assert len({len(line) for line in lines}) == 1


def test_wide_characters_take_two_cells() -> None:
    preview = Preview(("name", "n"), (("東京", "1"), ("Ann", "2")), (False, True))
    assert table(preview).splitlines()[1:] == ["東京  1", "Ann   2"]


CELLS = st.text(st.characters(codec="utf-8", exclude_categories=["C", "M", "Z"]))


@given(
    st.integers(1, 12).flatmap(
        lambda n: st.lists(st.lists(CELLS, min_size=n, max_size=n), max_size=5)
    )
)
def test_no_table_is_wider_than_a_line(rows: list[list[str]]) -> None:
    headers = ("x" * 30,) * (len(rows[0]) if rows else 1)
    preview = Preview(headers, tuple(map(tuple, rows)), (False,) * len(headers))
    assert max(map(len, table(preview).splitlines())) <= WIDTH


def test_a_sparkline_goes_from_the_lowest_to_the_highest_block() -> None:
    assert sparkline((0, 50, 100)) == "▁▅█"


def test_a_date_is_written_out() -> None:
    assert long_date(date(2026, 11, 3)) == "Tuesday 3 November 2026"
