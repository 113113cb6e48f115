"""Data frames of R, as R wrote them."""

from pathlib import Path

import pytest

from newsletter.errors import UnreadableTable
from newsletter.tables.reading.readers.programs.r_data import _days, _moments, _whole
from tests.tables.reading.cells import parsed

PENGUINS = Path(__file__).parents[3] / "packages" / "palmerpenguins"


@pytest.mark.parametrize("name", ["penguins.rds", "penguins.rda"])
def test_factors_are_words_and_na_is_missing(tmp_path: Path, name: str) -> None:
    table = parsed(PENGUINS / name, tmp_path)

    assert table["preview"][3] == [
        "Adelie", "Torgersen", None, None, None, None, None, 2007
    ]  # fmt: skip
    assert table["columns"][-1] == ("year", "integer")


def test_classes_that_the_library_does_not_know() -> None:
    import numpy

    values = numpy.array([20455.0, float("nan"), 1e300])
    assert list(map(str, _days(values, {}))) == ["2026-01-02", "None", "None"]
    assert list(map(str, _moments(values, {}))) == ["1970-01-01 05:40:55+00:00", "None", "None"]
    whole = numpy.array([2**60, -(2**63)]).view("float64")
    assert list(_whole(whole, {})) == [2**60, None]


@pytest.mark.parametrize("content", [b"X\n\0\0\0\3abc", b"RDX3\nX\n\0\0\0\3"])
def test_a_damaged_one_is_refused(tmp_path: Path, content: bytes) -> None:
    file = tmp_path / "in.rds"
    file.write_bytes(content)

    with pytest.raises(UnreadableTable, match="does not read as data of R"):
        parsed(file)
