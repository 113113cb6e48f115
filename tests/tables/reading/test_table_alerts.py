"""What a person should look at in a table as it was read."""

from pathlib import Path

import pytest

from newsletter.tables.profiling.alerts import NEEDS_A_PERSON
from tests.tables.reading.cells import parsed


def codes(folder: Path, text: str) -> list[tuple[str, str | None]]:
    source = folder / "in.csv"
    source.write_bytes(text.encode("cp1252"))
    alerts = parsed(source)["profile"]["alerts"]
    return [(alert["code"], alert["column"]) for alert in alerts]


@pytest.mark.parametrize(
    ("text", "alert"),
    [
        ("land,2019,rate\nPeru,1.5,2\nChad,2.5,3\n", ("header_guessed", None)),
        ("d,n\n01/02/2026,5\n03/04/2026,6\n", ("ambiguous_dates", "d")),
        ("a,b\n" + "1,2\n" * 9 + "1,2,3\n", ("rejected_rows", None)),
        ("a,b\n1,2\n3,4\na,b\n5,6\n", ("repeated_header", None)),
        ("land,n\nPeru,1\nChad,2\nTotal,3\n", ("total_row", "land")),
        ("land,n\nCura\u00e7ao,1\nChad,2\n", ("encoding_guessed", None)),
    ],
)
def test_it_is_the_first_alert(tmp_path: Path, text: str, alert: tuple[str, str | None]) -> None:
    assert codes(tmp_path, text)[0] == alert


def test_words_of_no_language_in_a_guessed_encoding_are_shown_until_it_is_stated(
    tmp_path: Path,
) -> None:
    source = tmp_path / "in.csv"
    source.write_bytes("land,drink,n\nPeru,Café,1\nChad,naïve,2\n".encode("mac_roman"))

    first, guess = parsed(source)["profile"]["alerts"]
    assert (first["code"], first["column"]) == ("encoding_doubted", "drink")
    assert first["message"] == (
        "2 words are of no language (CafŽ, na•ve): state the encoding, which is a guess,"
        " with `--encoding`."
    )
    assert first["code"] in NEEDS_A_PERSON
    assert guess["code"] == "encoding_guessed"
    assert parsed(source, encoding="mac_roman")["profile"]["alerts"] == []
    assert parsed(source, encoding="cp1250")["profile"]["alerts"] == []


def test_a_plain_table_has_none(tmp_path: Path) -> None:
    assert codes(tmp_path, "land,n\nPeru,1\nChad,2\n") == []
