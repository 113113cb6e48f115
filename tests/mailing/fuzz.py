"""Hostile issues through the whole way of a message, and what came of them.

    python -m tests.mailing.fuzz [--issues 10000] [--frozen 10000] [--seed 1]

An issue goes from its content through MJML into a frozen message and is filled
for a reader; a frozen one begins with a mail as a template might print it. Each
message must read back as what went in (tests.mailing.proof), or be refused for
a reason. Prints the totals, and at last the same as one line of JSON.
"""

import argparse
import json
import re
import time
from collections import Counter
from unicodedata import category

from newsletter.errors import Invalid
from newsletter.mailing.frozen import Recipient
from newsletter.mailing.message import Headers, freeze
from newsletter.mailing.render import HTML_BYTES, RenderedMail, render_issue
from newsletter.settings import Settings
from tests.mailing import proof
from tests.mailing.fuzzed import NOT_IN_A_LINE, Fuzz, List
from tests.mailing.sample import BASE_URL, SENT_AT

ENCODED_WORD_IN_A_LIST_HEADER = re.compile(rb"(?m)^List-[^:]*:.*=\?")


class Tally:
    """How many messages were made, what they hold, and what was refused."""

    def __init__(self) -> None:
        self.counts = Counter[str](
            messages=0,
            refused_names=0,
            refused_as_too_long=0,
            octets=0,
            lines=0,
            longest_line=0,
            lines_over_998=0,
            bare_lf=0,
            bare_cr=0,
            encoded_words_in_list_headers=0,
            headers_not_once=0,
        )

    def whole(self, seed: int) -> None:
        """One issue, from its content on."""
        fuzz = Fuzz(seed)
        content, listed, recipient = fuzz.content(), fuzz.list(), fuzz.recipient(seed)
        try:
            mail = render_issue(content)
        except Invalid as refusal:
            assert f"at most {HTML_BYTES // 1000} KB" in str(refusal)  # noqa: PT017
            self.counts["refused_as_too_long"] += 1
            return
        message = self._message(mail, listed, recipient)
        if message is not None:
            proof.assert_says(message, content)

    def frozen(self, seed: int) -> None:
        """One message, from the rendered mail on."""
        fuzz = Fuzz(seed)
        self._message(fuzz.mail(), fuzz.list(), fuzz.recipient(seed))

    def _message(self, mail: RenderedMail, listed: List, recipient: Recipient) -> bytes | None:
        headers = Headers.of_issue(_settings(listed), "monday", SENT_AT.date(), SENT_AT)
        frozen = freeze(mail, headers)
        if any(category(c) in NOT_IN_A_LINE for c in recipient.name or ""):
            try:
                frozen.fill(recipient)
            except Invalid:
                self.counts["refused_names"] += 1
                return None
            raise AssertionError("a name with a control character was taken")
        message = frozen.fill(recipient)
        proof.assert_reads_back(message, mail, listed, recipient, BASE_URL)
        self._count(message)
        return message

    def _count(self, message: bytes) -> None:
        head = b"\r\n" + message.partition(b"\r\n\r\n")[0].lower()
        lengths = [len(line) for line in message.split(b"\r\n")]
        self.counts["messages"] += 1
        self.counts["octets"] += len(message)
        self.counts["lines"] += len(lengths) - 1
        self.counts["longest_line"] = max(self.counts["longest_line"], *lengths)
        self.counts["lines_over_998"] += sum(length > 998 for length in lengths)
        self.counts["bare_lf"] += message.count(b"\n") - message.count(b"\r\n")
        self.counts["bare_cr"] += message.count(b"\r") - message.count(b"\r\n")
        encoded = ENCODED_WORD_IN_A_LIST_HEADER.findall(message)
        self.counts["encoded_words_in_list_headers"] += len(encoded)
        self.counts["headers_not_once"] += sum(
            head.count(f"\r\n{name.lower()}:".encode()) != 1 for name in proof.ONCE
        )


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--issues", type=int, default=10_000, help="rendered through MJML")
    parser.add_argument("--frozen", type=int, default=10_000, help="from a rendered mail on")
    parser.add_argument("--seed", type=int, default=1)
    options = parser.parse_args()
    tally, began = Tally(), time.monotonic()
    for kind, count in ((tally.whole, options.issues), (tally.frozen, options.frozen)):
        for seed in range(options.seed, options.seed + count):
            try:
                kind(seed)
            except Exception as error:
                error.add_note(f"{kind.__name__} with seed {seed}")
                raise
    for name, value in tally.counts.items():
        print(f"{name.replace('_', ' '):32}{value:>15,}")
    totals = {"seed": options.seed, "issues": options.issues, "frozen": options.frozen}
    seconds = round(time.monotonic() - began, 1)
    print(json.dumps(totals | dict(tally.counts) | {"seconds": seconds}))


def _settings(listed: List) -> Settings:
    environ = {
        "SECRET_KEY": "a secret for the tests, 0123456789",
        "NEWSLETTER_BASE_URL": BASE_URL,
        "NEWSLETTER_TITLE": listed.title,
        "NEWSLETTER_MAIL_FROM": listed.mail_from,
    }
    return Settings.load(environ)


if __name__ == "__main__":
    main()
