"""Issues, readers and lists as nobody would write them, from a seed."""

import random
from dataclasses import dataclass, replace
from datetime import date, timedelta
from unicodedata import category

from newsletter.catalog import markdown
from newsletter.email_address import (
    Address,
    parse_address,
)
from newsletter.mailing.content import (
    ColumnSketch,
    Fact,
    IssueContent,
    Link,
    Loader,
    PostLink,
    Preview,
    Prose,
)
from newsletter.mailing.frozen import Recipient
from newsletter.mailing.placeholders import Placeholder
from newsletter.mailing.render import RenderedMail
from tests.mailing.sample import penguins_content

ALPHABETS = (
    "abcdefghijklmnopqrstuvwxyz ABC,. 0123456789 -",
    "éüñçøßÀÎ źžłő abc ",
    "漢字かなカナ한글 東京",
    "שלום עולם مرحبا بالعالم ",  # right to left
    "\u202a\u202e\u2066\u2069\u200f\u061c ab",  # marks of direction
    "🐧👩‍👩‍👧🏳️‍🌈👍🏽🇩🇪 ",  # joined by ZWJ, variation selectors, flags
    "e\u0301a\u0308\u0323o\u20dd n\u0303\u035f ",  # combining
    "𝔄𝕭𐍈\U0010fffd\u200b\u00ad\u2060\ufeff\xa0\u3000 ",
    "\"\\(),:;<>@[]'`{}%$&#*!|~^/ ",
    "=?_.=20=3D=\t ",
)
CONTROLS = "\x00\x01\x07\x08\x0b\x0c\x1b\x1f\x7f\x80\x85\x9f\u2028\u2029\ufdd0\ufdd1\ufffe\uffff"
NOT_IN_A_LINE = ("Cc", "Cs", "Zl", "Zp")
NOT_PRINTED = ("Cc", "Cs", "Cn")
SURROGATES = "\ud800\udbff\udc00\udfff"
SNIPPETS = (
    "=?utf-8?q?Bcc=3A_eve?=",
    "=?utf-8?b?4pyT?=",
    "=?x?=",
    "=?",
    "?=",
    "\r\nBcc: eve@example.org",
    "\nFrom eve\n.\n",
    "\r\n.\r\nMAIL FROM:<eve@example.org>\r\n",
    "\n.\n..\n. \n",
    "From here to there",
    "--=_alternative--",
    "\r\n--=_related\r\n",
    '"Eve" <eve@example.org>',
    "Lee, Ann (the one), ",
    "{{ config }}{% raw %}",
    "</mj-text><script>alert(1)</script>",
    "<b>bold</b> &amp; &#xFDD0; &#0; <!-- x",
    "\\u{fdd0} C:\\temp\\",
    "]]>",
    " " * 80,
    "x" * 998,
    "é" * 300,
    "=" * 77,
    "." * 80,
    "x" * 74 + ".",
    "x" * 75 + "From ",
    "trailing \t",
)
TOKEN_CHARACTERS = "ABCXYZabcxyz0189-_.~="
DOMAINS = ("example.org", "bücher.example.org", "mail.example.com", "münchen.example.net")


@dataclass(frozen=True, slots=True)
class List:
    """What an operator sets."""

    title: str
    sender: str  # a name, or empty
    address: str

    @property
    def mail_from(self) -> str:
        escaped = self.sender.replace("\\", "\\\\").replace('"', '\\"')
        return f'"{escaped}" <{self.address}>' if self.sender else self.address

    @property
    def name(self) -> str:
        """What stands before the address in From."""
        return " ".join(filter(None, (self.sender or self.title).split(" ")))


class Fuzz:
    """The same seed gives the same things in the same order."""

    def __init__(self, seed: int) -> None:
        self._random = random.Random(seed)

    def text(self, longest: int = 400) -> str:
        """Of one to five pieces, each of an alphabet, a trap or control characters."""
        pieces = [self._piece(longest) for _ in range(self._random.randint(1, 5))]
        return "".join(pieces)[:longest]

    def line(self, longest: int = 100) -> str:
        """Text that a header may have: in one line, without control characters."""
        return "".join(c for c in self.text(longest) if category(c) not in NOT_IN_A_LINE)

    def list(self) -> List:
        sender = self._random.choice(["", self.line()])
        return List(self.line().strip() or "News", sender, f"hello@{self._random.choice(DOMAINS)}")

    def content(self) -> IssueContent:
        """A whole issue, every text of it hostile, some of them very long."""
        pick = self._random
        sample = penguins_content()
        assert sample.chart
        why = "".join(c for c in self.text(1500) if c not in SURROGATES)
        columns = [self._column() for _ in range(pick.randint(1, 6))]
        headers = tuple(column.name for column in columns)
        rows = [tuple(self.text(30) for _ in headers) for _ in range(pick.randint(0, 4))]
        word = "x" * 10_000 if pick.random() < 0.02 else ""
        return replace(
            sample,
            kind=pick.choice(["monday", "correction"]),
            date=date(2026, 1, 5) + timedelta(weeks=pick.randrange(500)),
            list_title=self.text(80),
            postal_address=self.text(80),
            subject=self.text(pick.choice([20, 80, 300, 1500])),
            preheader=self.text(150),
            title=self.text(60),
            why=Prose(markdown.render(why + word), markdown.plain(why + word)),
            chart=replace(sample.chart, alt=self.text(200)) if pick.random() < 0.7 else None,
            glance=tuple(
                Fact(self.text(12), f"{self.text(60)}.") for _ in range(pick.randint(0, 4))
            ),
            preview=Preview(headers, tuple(rows), tuple(n % 2 == 1 for n in range(len(headers)))),
            columns=tuple(columns),
            questions=tuple(self.text(200) for _ in range(pick.randint(0, 6))),
            caveats=tuple(self.text(300) for _ in range(pick.randint(0, 4))),
            loaders=tuple(Loader(self.text(10), self.text(300)) for _ in range(pick.randint(0, 3))),
            credit=self.text(200),
            citation=self.text(300),
            previous=Link(self.text(60), f"{sample.base_url}/issues/2026-10-05"),
            posts=tuple(
                PostLink(self.text(60), self.text(60), self.text(12), sample.base_url)
                for _ in range(pick.randint(0, 3))
            ),
        )

    def mail(self) -> RenderedMail:
        """A mail as a template might give it: any text, with placeholders anywhere in it."""
        pick = self._random
        placeholders = [Placeholder.UNSUBSCRIBE.value, Placeholder.PREFERENCES.value]

        def body() -> str:
            pieces = [self._printed(700) for _ in range(pick.randint(1, 4))]
            pieces += [*placeholders, *pick.choices(placeholders, k=pick.randint(0, 2))]
            pick.shuffle(pieces)
            return pick.choice(["", "\n"]).join(pieces)

        subject = " ".join(self._printed(pick.choice([20, 80, 300, 1500])).split())
        return RenderedMail(subject, body(), body())

    def recipient(self, number: int) -> Recipient:
        pick = self._random
        return Recipient(
            address=self.address(number),
            name=pick.choice([None, self.text(60), self.line(), self.line(), self.line(400)]),
            message_id=f"<{number:032x}@news.example.org>",
            unsubscribe_token=self.token(),
            preferences_token=self.token(),
        )

    def address(self, number: int) -> Address:
        local = self._random.choice(["reader", "Reader.Two", "a+tag-", "jürgen", "x" * 50, "_-"])
        return parse_address(f"{local}{number}@{self._random.choice(DOMAINS)}")

    def token(self) -> str:
        length = self._random.choice([1, 22, 60, 74, 75, 76, 150, 299, 300])
        return "".join(self._random.choices(TOKEN_CHARACTERS, k=length))

    def _column(self) -> ColumnSketch:
        bars = tuple(self._random.choices(range(101), k=self._random.randint(0, 10)))
        return ColumnSketch(self.text(30), self.text(20), self.text(100), self.text(60), bars)

    def _printed(self, longest: int) -> str:
        """Text as it is once a template has printed it: see mailing.placeholders."""
        text = self.text(longest)
        return "".join(c for c in text if c in "\t\r\n" or category(c) not in NOT_PRINTED)

    def _piece(self, longest: int) -> str:
        pick = self._random
        match pick.randrange(20):
            case 0:
                return "".join(pick.choices(CONTROLS + SURROGATES, k=pick.randint(1, 3)))
            case 1 | 2 | 3 | 4:
                return pick.choice(SNIPPETS)
            case 5:
                return "".join(
                    chr(pick.randrange(0x20, 0xD800)) for _ in range(pick.randint(1, 20))
                )
            case _:
                length = int(longest * pick.random() ** 2) + 1
                return "".join(pick.choices(pick.choice(ALPHABETS), k=length))
