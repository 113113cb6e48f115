"""The direction of a text is that of its first letter."""

import pytest

from newsletter.text_direction import direction


@pytest.mark.parametrize(
    ("text", "written"),
    [
        ("", ""),
        ("Adelie", ""),
        ("Äpfel", ""),
        ("東京", ""),
        ("1234567890123456789", ""),
        ("שלום", "rtl"),
        ("مرحبا", "rtl"),
        ("12 – שלום world", "rtl"),
        ("Tel Aviv תל אביב", ""),
        ("١٢٣", ""),  # digits are of no direction of their own
    ],
)
def test_the_first_letter_tells(text: str, written: str) -> None:
    assert direction(text) == written
