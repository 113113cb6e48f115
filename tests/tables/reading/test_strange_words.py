"""Words of no language, which a wrong encoding makes."""

import pytest

from newsletter.tables.reading.strange_words import strange_words


@pytest.mark.parametrize(
    ("text", "encoding", "guess"),
    [
        ("Größe Weiß", "mac_roman", "cp1250"),
        ("José Núñez", "cp850", "cp1250"),
        ("Tórshavn", "cp850", "cp1252"),
        ("Ærø", "cp1257", "cp1252"),
        ("Ąžuolas", "cp1257", "cp1252"),
        ("Szőke", "mac_latin2", "cp1252"),
        ("Kraków", "cp852", "cp1250"),
        ("Москва", "koi8_r", "cp1255"),
        ("Москва", "iso8859_5", "shift_jis"),
        ("Москва", "cp1251", "cp850"),
        ("София", "iso8859_5", "cp1256"),
        ("it’s", "gb18030", "big5"),
    ],
)
def test_a_wrong_encoding_makes_them(text: str, encoding: str, guess: str) -> None:
    wrong = text.encode(encoding).decode(guess)

    assert strange_words(f"Peru {wrong}") == wrong.split()
    assert strange_words(text) == []


@pytest.mark.parametrize("wrong", ["Tверь", "Αthen", "caf\x8e", "na•ve", "Pok駑on", "▀lsen"])
def test_signs_and_scripts_do_not_stand_within_words(wrong: str) -> None:
    assert strange_words(wrong) == [wrong]


@pytest.mark.parametrize(
    "text",
    [
        "Åland Ærø Þórður Tromsø Kõnnu Mäkelä Šiauliai Rīga Fűtő Łódź Őrség Đorđe Brăila",
        "Côte d’Ivoire São Paulo Curaçao Œuvre Ÿ Citroën Peña-Müller İstanbul Kadıköy Ċ",
        "an tÉireannach, nÉire",
        "Москва Київ МиБ кВт·ч Αθήνα ירושלים القاهرة 東京 서울 CSVファイル TシャツをA型",
        "10 µm 20 °C m² 5 €/m² ½ § 5 “Qué”? ¿Qué? Nº 3ª «là» 3–4 É. Smith† Brand® £5",
    ],
)
def test_words_of_languages_and_signs_beside_them_are_none(text: str) -> None:
    assert strange_words(text) == []
