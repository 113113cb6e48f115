"""Files of Stata, SPSS and SAS, and what their labels become."""

from pathlib import Path
from typing import Any

import pandas
import pyreadstat
import pytest

from newsletter.errors import UnreadableTable
from tests.tables.reading.cells import parsed

PACKAGES = Path(__file__).parents[3] / "packages"
FRAME = pandas.DataFrame({"id": ["007", "008"], "sex": [1, 2], "age": [12, 99], "w": [1.5, None]})
LABELS = {"sex": {1: "male", 2: "female"}, "age": {99: "refused"}}
WRITERS: dict[str, Any] = {"sav": pyreadstat.write_sav, "dta": pyreadstat.write_dta}


@pytest.mark.parametrize("form", WRITERS)
def test_labels_are_the_words_and_the_dictionary(tmp_path: Path, form: str) -> None:
    file = tmp_path / f"in.{form}"
    says = ["The id", "Sex of the bird", "Age", "Weight in kg"]
    WRITERS[form](FRAME, file, column_labels=says, variable_value_labels=LABELS)

    table = parsed(file)

    assert table["preview"] == [["007", "male", 12, 1.5], ["008", "female", 99, None]]
    assert table["descriptions"] == {
        "id": "The id", "sex": "Sex of the bird (1 = male, 2 = female)",
        "age": "Age (99 = refused)", "w": "Weight in kg",
    }  # fmt: skip
    assert table["notes"] == ["The codes of sex are written as their labels."]


def test_codes_that_share_a_label_are_kept(tmp_path: Path) -> None:
    file = tmp_path / "in.sav"
    pyreadstat.write_sav(FRAME, file, variable_value_labels={"sex": {1: "other", 2: "other"}})

    assert [row[1] for row in parsed(file)["preview"]] == [1, 2]


def test_periods_of_stata_are_their_first_days(tmp_path: Path) -> None:
    table = parsed(PACKAGES / "statsmodels" / "time_series_examples.dta", tmp_path)

    assert table["preview"][0][2:] == [
        "2010-01-20", "2010-01-08", "2010-01-01", "1974-07-01", "2010-01-01", 2010
    ]  # fmt: skip


@pytest.mark.parametrize("head", [b"$FL2@(#)", b"<stata_dta>", b"HEADER RECORD*******LIB"])
def test_a_damaged_one_is_refused(tmp_path: Path, head: bytes) -> None:
    file = tmp_path / "in"
    file.write_bytes(head + bytes(300))

    with pytest.raises(UnreadableTable, match="save it again, or as CSV"):
        parsed(file)
