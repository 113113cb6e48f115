"""Which way a text is written: a cell may be Hebrew in a page that is English."""

import unicodedata

STRONG = {"L": "", "R": "rtl", "AL": "rtl"}


def direction(text: str) -> str:
    """``rtl`` for a text whose first letter is of Hebrew, Arabic or another script that is
    written from right to left (Unicode Standard Annex 9, rules P2 and P3); else empty."""
    if text.isascii():
        return ""
    classes = map(unicodedata.bidirectional, text)
    return next((STRONG[class_] for class_ in classes if class_ in STRONG), "")
