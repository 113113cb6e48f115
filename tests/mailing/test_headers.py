import email
import email.policy
from datetime import UTC, datetime

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from newsletter.errors import Invalid
from newsletter.mailing.headers import date, list_id, mailbox, structured, unstructured
from tests.mailing.reading import read_mailbox, single_spaced

SENTENCES = st.text(st.characters(codec="utf-8", exclude_categories=["Cc", "Cs", "Zl", "Zp"]))
TRICKY = st.text(st.sampled_from('aé漢🐧 ",;:<>@()\\=?_.'), max_size=300)


def parsed(line: bytes) -> email.message.EmailMessage:
    return email.message_from_bytes(line + b"\r\n", policy=email.policy.default)


@given(st.one_of(SENTENCES, TRICKY))
@example("=?utf-8?q?not_encoded?=")
@example("x" * 1200)
@example("Pinguine für alle " * 30)
def test_a_subject_reads_back_as_it_was_written(text: str) -> None:
    line = unstructured("Subject", text)
    assert str(parsed(line)["Subject"]) == single_spaced(text)


@given(st.one_of(SENTENCES, TRICKY))
@example("x" * 1200)
def test_a_subject_is_folded_short_in_ascii(text: str) -> None:
    line = unstructured("Subject", text)
    assert line.isascii()
    assert line.endswith(b"\r\n")
    for physical in line[:-2].split(b"\r\n"):
        assert len(physical) <= 76
        assert b"\n" not in physical
        assert b"\r" not in physical


@given(st.one_of(SENTENCES, TRICKY))
@example("Lee, Ann")
@example('Ann "the" \\ Lee')
@example("=?utf-8?q?Ann?=")
@example("Ann <bob@example.org>")
@example("é" * 200)
def test_a_name_reads_back_as_it_was_written(name: str) -> None:
    value = mailbox("To", name, "ann@example.org")
    assert read_mailbox(value) == (single_spaced(name), "ann@example.org")
    (address,) = parsed(b"To: " + value + b"\r\n")["To"].addresses
    assert address.addr_spec == "ann@example.org"
    assert all(len(line) <= 76 for line in (b"To: " + value).split(b"\r\n"))


def test_a_plain_name_stays_plain() -> None:
    assert mailbox("To", "Ann Lee", "ann@example.org") == b"Ann Lee <ann@example.org>"
    assert mailbox("To", "Lee, Ann", "ann@example.org") == b'"Lee, Ann" <ann@example.org>'
    assert mailbox("To", None, "ann@example.org") == b"ann@example.org"
    assert mailbox("To", "  ", "ann@example.org") == b"ann@example.org"


@pytest.mark.parametrize(
    "text",
    [
        "a\r\nBcc: x@example.org",
        "a\nb",
        "a\rb",
        "a\x00b",
        "a\x85b",
        "a\u2028b",
        "a\u2029b",
        "\ud800",
        "a\x7fb",
    ],
)
def test_what_could_begin_another_header_is_refused_everywhere(text: str) -> None:
    with pytest.raises(Invalid, match=r"^Subject has a line break"):
        unstructured("Subject", text)
    with pytest.raises(Invalid, match=r"^To has a line break"):
        mailbox("To", text, "ann@example.org")
    with pytest.raises(Invalid, match=r"^To has a line break"):
        mailbox("To", "Ann", text)
    with pytest.raises(Invalid):
        structured("Feedback-ID", text)
    with pytest.raises(Invalid):
        list_id(text, "datasets.example.org")


def test_a_structured_value_stays_on_one_line_and_in_ascii() -> None:
    url = "<https://example.org/" + "x" * 900 + ">"
    assert structured("List-Unsubscribe", url) == b"List-Unsubscribe: " + url.encode() + b"\r\n"
    with pytest.raises(Invalid, match="longer than a line"):
        structured("List-Unsubscribe", url + "x" * 100)
    with pytest.raises(Invalid, match="plain ASCII"):
        structured("List-Unsubscribe", "<https://exämple.org>")


def test_a_list_id_has_its_title_if_that_needs_no_encoding() -> None:
    def line(title: str) -> bytes:
        return list_id(title, "datasets.example.org")

    assert line("Dataset Daily") == b"List-Id: Dataset Daily <datasets.example.org>\r\n"
    assert line("Data, daily") == b'List-Id: "Data, daily" <datasets.example.org>\r\n'
    for title in ("", "Données du lundi", "=?utf-8?q?x?=", "x" * 998):
        assert line(title) == b"List-Id: <datasets.example.org>\r\n"


def test_a_date_is_in_utc_and_never_naive() -> None:
    moment = datetime(2026, 11, 23, 14, 0, tzinfo=UTC)
    assert date(moment) == b"Date: Mon, 23 Nov 2026 14:00:00 +0000\r\n"
    with pytest.raises(ValueError, match="without a zone"):
        date(moment.replace(tzinfo=None))
