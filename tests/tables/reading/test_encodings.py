"""Which encoding a few accents are taken for: short files are the hard ones."""

from pathlib import Path

import pytest

from newsletter.tables.reading.encodings import find_encoding


@pytest.mark.parametrize(
    "text",
    [
        "Café,3 €\nNaïve “quoted”,4\n",
        "José,1\nNúñez,2\nFrançois,3\n",
        "10 µm,3\n20 °C,4\n",
        "£3,x\n½,y\n",
        "Œuvre,1\n",
        "Åsa,1\nMåns,2\nÖrebro,3\n",
        "São Paulo,1\nMaranhão,2\n",
        "Größe,1\nWeiß,2\n",
        "Ñuñoa,1\n¿Qué?,2\n",
        "Ærø,1\nTórshavn,2\n",
    ],
)
def test_western_text_is_read_as_windows_writes_it(tmp_path: Path, text: str) -> None:
    assert guessed(tmp_path, text, "cp1252") == "cp1252"


@pytest.mark.parametrize(
    ("text", "encoding"),
    [
        ("Příliš žluťoučký kůň,1\nŠtěpán,2\n", "cp1250"),
        ("Łódź,1\nKraków,2\nGdańsk,3\n", "cp1250"),
        ("Jiří Dvořák,1\n", "cp1250"),
        ("Růžička,1\n", "cp1250"),
        ("Němec,1\nČapek,2\n", "cp1250"),
        ("Szőke,1\nPécs,2\n", "cp1250"),
        ("Fűtő,1\n", "cp1250"),
        ("Beşiktaş,1\nKadıköy,2\n", "cp1254"),
        ("Şişli,1\nGümüşhane,2\n", "cp1254"),
        ("Dvořák,1\nŠimek,2\n", "iso8859_2"),
        ("Timişoara,1\nBrăila,2\n", "cp1250"),
        ("Москва,1\nТверь,2\n", "cp1251"),
        ("Αθήνα,1\nΘεσσαλονίκη,2\n", "cp1253"),
        ("東京,1\n大阪,2\n", "shift_jis"),
        ("北京,1\n上海,2\n", "gb18030"),
        ("서울,1\n부산,2\n", "euc_kr"),
    ],
)
def test_other_text_is_not_taken_for_western(tmp_path: Path, text: str, encoding: str) -> None:
    assert guessed(tmp_path, text, encoding) == encoding


def guessed(folder: Path, text: str, encoding: str) -> str:
    path = folder / "table.csv"
    path.write_bytes(text.encode(encoding))
    found = find_encoding(path, None)
    assert found.note is not None
    assert found.note.startswith(f"Read as {found.name}, which is a guess")
    return found.name
