"""Figures of a dataset, as its page says them."""

from newsletter.installation import Installation
from newsletter.models import Version
from newsletter.web.site.datasets import facts
from tests import factories


def made(installation: Installation, **written: object) -> Version:
    with installation.db.write() as session:
        return factories.dataset(session, installation.storage, **written)  # type: ignore[arg-type]


def test_one_table_is_measured_by_rows_and_columns(installation: Installation) -> None:
    assert facts.dimensions(made(installation)) == "6 rows × 4 columns"
    one = made(installation, slug="one", tables={"one": "a\n1\n"})
    assert facts.dimensions(one) == "1 row × 1 column"


def test_several_tables_are_counted(installation: Installation) -> None:
    version = made(installation, tables={"a": "x\n1\n", "b": "x\n1\n2\n"})
    assert facts.dimensions(version) == "2 tables, 3 rows"


def test_what_is_not_known_is_not_said(installation: Installation) -> None:
    version = made(installation, temporal=None, spatial=None, creators=[])
    labels = [fact.label for fact in facts.glance(version)]
    assert labels == ["Size", "Licence", "Source", "Version"]


def test_that_no_source_was_given_is_said_and_none_is_made_of_our_address(
    installation: Installation,
) -> None:
    ours = [{"title": "Penguins", "url": "https://news.example.org/"}]
    for slug, sources in (("unsaid", []), ("ours", ours)):
        version = made(installation, slug=slug, sources=sources)
        shown = {fact.label: fact for fact in facts.glance(version, "https://news.example.org")}
        assert (shown["Source"].value, shown["Source"].url) == ("none was given", None)


def test_a_column_has_its_words_its_line_and_its_bars(installation: Installation) -> None:
    columns = {column.name: column for column in facts.columns(made(installation).tables[0])}
    bill = columns["bill_mm"]
    assert (bill.unit, bill.description) == ("mm", "The bill_mm of it.")
    assert "39.1" in bill.profile
    assert max(bar.height for bar in bill.bars) == 100
    assert bill.landmarks == ("39.1", "46.1", "50")
    assert (bill.missing, bill.unique) == ("17\u00a0%", 5)
    assert bill.is_number
    assert not columns["species"].is_number


def test_a_column_without_a_profile_is_still_shown(installation: Installation) -> None:
    table = made(installation).tables[0]
    table.profile = {}
    assert [(c.profile, list(c.bars)) for c in facts.columns(table)] == [("", [])] * 4
