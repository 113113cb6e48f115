"""Log lines without addresses and links, wherever they stand: an error quotes what it was about,
and a traceback what was passed on."""

import logging
import re

# Each run of characters is looked at from its beginning alone, and never again: linear.
ADDRESS = re.compile(r"(?<![\w.+%-])[\w.+%-]++@[\w.-]++")
LINK = re.compile(r"(/(?:confirm|preferences|unsubscribe|password)/)[\w.~=-]+")


def without_personal_data(line: str) -> str:
    """``line`` with a word in the place of each address, and of each link's token."""
    return LINK.sub(r"\1(token)", ADDRESS.sub("(address)", line))


class LogFormat(logging.Formatter):
    def __init__(
        self, fmt: str = "%(asctime)s %(levelname)s %(message)s", datefmt: str | None = None
    ) -> None:
        super().__init__(fmt, datefmt)

    def format(self, record: logging.LogRecord) -> str:
        return without_personal_data(super().format(record))
