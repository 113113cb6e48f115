"""What a program wrote for a terminal, or a stranger for anyone, as text that can be kept."""

import re

# ECMA-48: control sequences, and strings (titles, links) up to their end.
ESCAPES = re.compile(
    r"(?:\x1b\[|\x9b)[0-?]*[ -/]*[@-~]|\x1b[\]PX^_][^\x07\x1b]*(?:\x07|\x1b\\)?|\x1b[ -/]*[0-~]?"
)
CONTROLS = re.compile("[\0-\x08\x0b-\x1f\x7f-\x9f\ufeff]")
# Halves of pairs, which no encoding knows, and signs that turn the direction of what follows
# so that code reads otherwise than it runs (CVE-2021-42574).
NO_TEXT = re.compile("[\0\ud800-\udfff]")
TURNING = re.compile("[\u202a-\u202e\u2066-\u2069]")


def kept(text: str) -> str:
    """``text`` as a database and a page can hold it."""
    return TURNING.sub("", NO_TEXT.sub("\N{REPLACEMENT CHARACTER}", text))


def printed(text: str) -> str:
    """What a terminal would have shown in the end: no colours, and of a line that was
    written over and over its last state."""
    lines = ESCAPES.sub("", text).replace("\r\n", "\n").split("\n")
    shown = (line.rstrip("\r").rpartition("\r")[2] for line in lines)
    return kept(CONTROLS.sub("", "\n".join(shown)))
