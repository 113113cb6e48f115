"""What the mailing of a post says, as plain values: see mailing.content.

A block is what stands between two margins. ``folded`` says what was left out of it, for
which the mail leads to the site; empty: it is whole.
"""

from dataclasses import dataclass
from datetime import date
from typing import Literal

from markupsafe import Markup

from newsletter.mailing.content import InlineImage, Link, Preview, Prose


@dataclass(frozen=True, slots=True)
class Words:
    prose: Prose
    folded: str = ""
    kind: Literal["words"] = "words"


@dataclass(frozen=True, slots=True)
class Code:
    """``html`` is the text again, its words coloured."""

    language: str  # as it is written: Python
    text: str
    html: Markup
    folded: str = ""
    kind: Literal["code"] = "code"


@dataclass(frozen=True, slots=True)
class Printed:
    """What code printed, or the error that it ended with."""

    text: str
    is_error: bool = False
    folded: str = ""
    kind: Literal["printed"] = "printed"


@dataclass(frozen=True, slots=True)
class Rows:
    preview: Preview
    note: str = ""
    folded: str = ""
    kind: Literal["rows"] = "rows"


@dataclass(frozen=True, slots=True)
class Figure:
    image: InlineImage
    folded: str = ""
    kind: Literal["figure"] = "figure"


@dataclass(frozen=True, slots=True)
class Remark:
    """What is not shown here, and why."""

    text: str
    folded: str = ""
    kind: Literal["remark"] = "remark"


Block = Words | Code | Printed | Rows | Figure | Remark


@dataclass(frozen=True, slots=True)
class PostContent:
    """The mailing of one post. Texts are plain unless they are Prose."""

    date: date
    list_title: str
    base_url: str  # no slash at its end
    from_address: str  # "Name <address>" or an address
    postal_address: str
    subject: str
    preheader: str
    title: str
    question: str  # that it answers
    language: str  # as it is written: Python
    words: Prose | None  # the curator's own, before the post
    blocks: tuple[Block, ...]  # those that fit
    folded: str  # what of the post comes after them, on the site; empty: nothing
    author: str
    author_url: str | None
    credit: str
    license: str
    ran: str  # when it ran last, and with what; empty: it never did
    corrected: str  # what turned out to be wrong with its data; empty: nothing
    dataset: Link
    version: str
    tables: tuple[Link, ...]  # its files, by their names
    downloads: tuple[Link, ...]  # of the post
    page_url: str

    @property
    def images(self) -> tuple[InlineImage, ...]:
        return tuple(block.image for block in self.blocks if isinstance(block, Figure))

    @property
    def public_url(self) -> str:
        """Its page in the archive: "view in browser"."""
        return f"{self.base_url}/issues/{self.date.isoformat()}-post"
