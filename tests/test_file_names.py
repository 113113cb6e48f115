import pytest

from newsletter.file_names import AT_MOST, bare_name, name_in_address


@pytest.mark.parametrize(
    ("text", "name"),
    [
        ("birds.csv", "birds.csv"),
        ("../../etc/passwd", "passwd"),
        ("C:\\Users\\bo\\y.csv", "y.csv"),
        ("a\r\nSet-Cookie: b.py", "a Set-Cookie: b.py"),
        ("\u202egnp.exe\u200b", "gnp.exe"),
        ("cafe\u0301.csv", "café.csv"),
        ("東京.csv", "東京.csv"),
        (" . birds . ", "birds"),
        (".csv", "csv"),
        ("..", ""),
        ("\0", ""),
    ],
)
def test_it_is_the_last_part_on_one_line_without_what_cannot_be_seen(text: str, name: str) -> None:
    assert bare_name(text) == name


@pytest.mark.parametrize("sign", ["n", "é", "東"])
def test_a_long_one_is_short_enough_for_a_disk_and_keeps_its_endings(sign: str) -> None:
    name = bare_name(sign * 500 + ".csv.gz")
    assert AT_MOST - 2 <= len(name.encode()) <= AT_MOST
    assert name.endswith(f"{sign}.csv.gz")


@pytest.mark.parametrize(
    ("url", "name"),
    [
        ("https://example.org/a/birds.csv?year=2026#rows", "birds.csv"),
        ("https://example.org/%E6%9D%B1%E4%BA%AC.csv", "東京.csv"),
        ("https://example.org/a%2Fb.csv", "b.csv"),
        ("https://example.org/birds/", "birds"),
        ("https://example.org/?file=birds.csv", "example.org"),
        ("https://example.org", "example.org"),
    ],
)
def test_an_address_is_called_after_the_end_of_its_path_or_its_host(url: str, name: str) -> None:
    assert name_in_address(url) == name
