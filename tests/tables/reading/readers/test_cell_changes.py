"""Changes of cells that a person states: each is counted."""

from pathlib import Path
from typing import Any

import pytest

from newsletter.errors import UnreadableTable
from newsletter.tables.reading.readers.cell_changes import repaired
from tests.tables.reading.cells import FORMS, read_columns

COLUMNS: dict[str, list[Any]] = {
    "area": ["North", None, "South", None],
    "n": [1, 2, 3, 4],
    "Caf\u00c3\u00a9": ["Z\u00c3\u00bcrich", "Z\u00fcrich", "a &amp; b", "\u00c3"],
}


@pytest.mark.parametrize("text", ["Zürich", "日本 – “ja” €", "naïve ‰ Œ", "Привет"])
def test_what_was_decoded_wrongly_is_read_as_it_was_meant(text: str) -> None:
    once = text.encode().decode("cp1252", "surrogateescape")
    wrong = "".join(chr(ord(s) - 0xDC00) if ord(s) >= 0xDC00 else s for s in once)
    twice = wrong.encode("utf-8").decode("latin-1")

    assert repaired(wrong) == text
    assert repaired(twice) == text
    assert repaired(f"{wrong} 東 &lt;{wrong}&gt; &nosuch;") == f"{text} 東 <{text}> &nosuch;"


@pytest.mark.parametrize("text", ["Ça va", "SÃO", "Â", "5 €", "AT&T", "R&D; x", "Zürich"])
def test_what_is_right_stays(text: str) -> None:
    assert repaired(text) == text


@pytest.mark.parametrize("form", [form for form in FORMS if form != "txt"])
def test_it_is_repaired_and_filled_in_every_kind_of_file(tmp_path: Path, form: str) -> None:
    table = read_columns(COLUMNS, tmp_path, form, repair=True, fill_down=("area",))

    assert [name for name, _ in table["columns"]] == ["area", "n", "Café"]
    assert table["preview"] == [
        ["North", 1, "Zürich"], ["North", 2, "Zürich"], ["South", 3, "a & b"], ["South", 4, "Ã"]
    ]  # fmt: skip
    assert "2 cells of area filled down." in table["notes"]
    assert any(note.startswith("2 cells of ") and "repaired" in note for note in table["notes"])


def test_an_alert_counts_what_could_be_repaired(tmp_path: Path) -> None:
    alerts = read_columns(COLUMNS, tmp_path)["profile"]["alerts"]

    assert [
        (alert["code"], alert["message"].partition(" of")[0].partition(" with")[0])
        for alert in alerts
        if alert["code"] in {"mojibake", "html_entities"}
    ] == [("mojibake", "1 cell"), ("html_entities", "1 cell")]


def test_a_column_that_is_not_there_is_said(tmp_path: Path) -> None:
    with pytest.raises(UnreadableTable, match="no column 'region' to fill down"):
        read_columns(COLUMNS, tmp_path, fill_down=("region",))
