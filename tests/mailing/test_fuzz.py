"""Issues as nobody would write them: each message is well-formed and reads back.

The short form of `make fuzz`, which does ten thousand of each.
"""

import pytest
from hypothesis import example, given
from hypothesis import settings as tries
from hypothesis import strategies as st

from newsletter.email_address import parse_address
from newsletter.mailing.frozen import Recipient
from newsletter.mailing.message import Headers, freeze
from newsletter.mailing.placeholders import Placeholder
from newsletter.mailing.render import RenderedMail
from newsletter.settings import Settings
from tests.examples import examples
from tests.mailing import octets
from tests.mailing.fuzz import Tally
from tests.mailing.fuzzed import List
from tests.mailing.proof import assert_reads_back
from tests.mailing.sample import BASE_URL, SENT_AT

NEVER = (
    "lines_over_998",
    "bare_lf",
    "bare_cr",
    "encoded_words_in_list_headers",
    "headers_not_once",
)
WHOLE, FROZEN = 100, 400
HEADER = st.text(st.characters(codec="utf-8", exclude_categories=["Cc", "Zl", "Zp"]), max_size=200)
BODY = st.text(st.characters(codec="utf-8"), max_size=400)
TOKEN = st.text(st.sampled_from("abcXYZ019-_.~="), min_size=1, max_size=300)
MESSAGE = (
    b"Subject: hello\r\n"
    b"Content-Type: text/plain\r\n"
    b"Content-Transfer-Encoding: quoted-printable\r\n\r\n"
)


def assert_never(tally: Tally) -> None:
    assert {name: tally.counts[name] for name in NEVER} == dict.fromkeys(NEVER, 0)


def test_whole_issues_read_back() -> None:
    tally = Tally()
    for seed in range(WHOLE):
        tally.whole(seed)
    counts = tally.counts
    assert counts["messages"] + counts["refused_names"] + counts["refused_as_too_long"] == WHOLE
    assert counts["messages"] > WHOLE * 0.8
    assert_never(tally)


def test_frozen_mails_read_back() -> None:
    tally = Tally()
    for seed in range(FROZEN):
        tally.frozen(seed)
    assert tally.counts["messages"] + tally.counts["refused_names"] == FROZEN
    assert tally.counts["messages"] > FROZEN * 0.8
    assert tally.counts["longest_line"] > 300  # of a List-Unsubscribe with a long token
    assert_never(tally)


@tries(max_examples=examples(150), deadline=None)
@given(subject=HEADER, name=HEADER, title=HEADER, text=BODY, html=BODY, token=TOKEN)
@example("=?utf-8?q?a?= =?utf-8?q?b?=", "=?x?=", "\\", ".\r\n.\n", "From \nFrom ", "=" * 300)
@example("x" * 10_000, '"', ",", "x" * 10_000, " \n \t\n", "." * 300)
def test_any_message_reads_back(
    subject: str, name: str, title: str, text: str, html: str, token: str
) -> None:
    def printed(body: str) -> str:
        return "".join(
            c for c in body if c not in {placeholder.value for placeholder in Placeholder}
        )

    listed = List(title.strip() or "News", "", "hello@example.org")
    mail = RenderedMail(
        subject,
        printed(text) + Placeholder.UNSUBSCRIBE.value,
        printed(html) + Placeholder.UNSUBSCRIBE.value,
    )
    reader = Recipient(
        parse_address("ann@example.org"), name, "<1@news.example.org>", token, token[::-1]
    )
    settings = Settings.load(
        {
            "SECRET_KEY": "a secret for the tests, 0123456789",
            "NEWSLETTER_BASE_URL": BASE_URL,
            "NEWSLETTER_MAIL_FROM": listed.mail_from,
            "NEWSLETTER_TITLE": listed.title,
        }
    )
    headers = Headers.of_issue(settings, "monday", SENT_AT.date(), SENT_AT)
    message = freeze(mail, headers).fill(reader)
    assert_reads_back(message, mail, listed, reader, BASE_URL)


@pytest.mark.parametrize(
    "broken",
    [
        MESSAGE + b"no end",
        MESSAGE + b"a bare\nLF\r\n",
        MESSAGE + b"a bare\rCR\r\n",
        MESSAGE + b"x" * 999 + b"\r\n",
        MESSAGE + b".dot\r\n",
        MESSAGE + "é\r\n".encode(),
        b"Subject: =?x?= hi\xc3\xa9\r\n" + MESSAGE + b"twice\r\n",
        b"Subject hello\r\n\r\nno colon\r\n",
        b'Content-Type: multipart/mixed; boundary="b"\r\n\r\n\r\n--b\r\n\r\nno end\r\n',
    ],
)
def test_the_reader_of_octets_refuses_what_is_malformed(broken: bytes) -> None:
    with pytest.raises(octets.Malformed):
        octets.read(broken)


@pytest.mark.parametrize("body", [b"=e9", b"=", b"a \r\nb", b"x" * 77, b"=\r\n=4"])
def test_the_reader_of_octets_refuses_broken_quoted_printable(body: bytes) -> None:
    part = octets.read(MESSAGE + body + b"\r\n")
    if body == b"=":  # a soft break is well-formed, even the last
        assert part.decoded() == b""
        return
    with pytest.raises(octets.Malformed):
        part.decoded()


@pytest.mark.parametrize(
    "value", ["=?utf-8?q?a b?=", "=?x?=", "=?utf-8?q?" + "a" * 70 + "?=", "x=?utf-8?q?a?="]
)
def test_the_reader_of_octets_refuses_what_looks_like_an_encoded_word(value: str) -> None:
    with pytest.raises(octets.Malformed):
        octets.unstructured(value)


@pytest.mark.parametrize("value", ["a@b c@d", "Ann, Lee <a@b>", "Ann a@b", "=?utf-8?q?a,?= <a@b>"])
def test_the_reader_of_octets_refuses_what_is_no_mailbox(value: str) -> None:
    with pytest.raises(octets.Malformed):
        octets.mailbox(value)
