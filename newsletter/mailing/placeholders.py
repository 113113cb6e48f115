"""Placeholders: the places in a mail's text and HTML that differ from reader to reader.

A template prints a placeholder as one Unicode noncharacter (U+FDD0 and U+FDD1, never
legal in interchanged text), which mailing.message cuts the body at. Whatever
else is printed is cleaned of these, so no curator's text can make a placeholder.
"""

import re
from enum import Enum
from typing import TypeVar

Text = TypeVar("Text", bound=str)

REPLACEMENT = "\N{REPLACEMENT CHARACTER}"
# Control characters, which XML 1.0 forbids (mrml refuses to parse them), unpaired
# surrogates and noncharacters.
UNPRINTABLE = re.compile(
    "[^\t\n\r\x20-\x7e\xa0-\ud7ff\ue000-\ufdcf\ufdf0-\ufffd\U00010000-\U0010fffd]"
)


class Placeholder(Enum):
    """A value is the mark that stands for it in rendered text."""

    UNSUBSCRIBE = "\ufdd0"  # the token that ends the unsubscribe link
    PREFERENCES = "\ufdd1"  # the token that ends the preferences link


def without_marks(text: Text) -> Text:
    """``text`` (str or Markup) with all that is not text replaced by U+FFFD."""
    return type(text)(UNPRINTABLE.sub(REPLACEMENT, text))
