"""The sheets of the charts that real files get."""

from datetime import date, timedelta

from development.contact_sheet import CHART_PX, Charted, files, sheets
from tests.charts.conftest import Table, profile_of, rows_of


def test_every_file_is_there() -> None:
    sources = dict(files())

    assert len(sources) > 100
    assert all(path.is_file() for path in sources.values())


def test_a_file_has_a_row_of_its_charts_and_one_without_says_so() -> None:
    days = [date(2020, 1, 1) + timedelta(at) for at in range(40)]
    levels: Table = {
        "day": ("date", days),
        "level": ("number", [at % 17 + 0.5 for at in range(40)]),
    }
    words: Table = {"word": ("string", [f"word {at}" for at in range(4)])}
    charted = [Charted("levels", profile_of(levels), rows_of(levels))]

    (one,) = sheets(charted)
    (both,) = sheets([*charted, Charted("words", profile_of(words), rows_of(words))])

    assert one.width == both.width > 3 * CHART_PX
    assert one.height < both.height < 2 * one.height
