"""MAIL.md, "The message", point by point on the bytes that go out."""

import email
import email.policy
import re
from dataclasses import replace
from email.message import EmailMessage

import pytest
from hypothesis import given
from hypothesis import settings as tries
from hypothesis import strategies as st

from newsletter.email_address import parse_address
from newsletter.errors import Invalid
from newsletter.mailing.frozen import FrozenMessage, Recipient
from newsletter.mailing.message import Headers, build, freeze
from newsletter.mailing.placeholders import Placeholder
from newsletter.mailing.render import RenderedMail, render_issue, render_mail
from newsletter.settings import Settings
from tests.examples import examples
from tests.mailing.reading import read_mailbox, single_spaced
from tests.mailing.sample import BASE_URL, SENT_AT, penguins_content, png

ONCE = (
    "From",
    "To",
    "Subject",
    "Date",
    "Message-ID",
    "List-Id",
    "List-Unsubscribe",
    "List-Unsubscribe-Post",
    "Feedback-ID",
    "Precedence",
    "MIME-Version",
    "Content-Type",
)
LONG = "Zz9-_" * 60
TOKENS = st.text(st.sampled_from("abcXYZ019-_.~="), min_size=1, max_size=300)
NAMES = st.none() | st.text(st.characters(codec="utf-8", exclude_categories=["Cc", "Zl", "Zp"]))

ISSUE = render_issue(penguins_content())


@pytest.fixture
def headers(settings: Settings) -> Headers:
    return Headers.of_issue(settings, "monday", penguins_content().date, SENT_AT)


@pytest.fixture
def frozen(headers: Headers) -> FrozenMessage:
    return freeze(ISSUE, headers)


def reader(number: int = 1, **changes: object) -> Recipient:
    recipient = Recipient(
        address=parse_address(f"reader{number}@example.org"),
        name=None,
        message_id=f"<{number:032x}@news.example.org>",
        unsubscribe_token=f"leave{number}-" + "u" * 60,
        preferences_token=f"prefer{number}-" + "p" * 60,
    )
    return replace(recipient, **changes)  # type: ignore[arg-type]


def parsed(message: bytes) -> EmailMessage:
    result = email.message_from_bytes(message, policy=email.policy.default)
    assert isinstance(result, EmailMessage)
    assert not any(part.defects for part in result.walk())
    return result


def text_of(message: bytes) -> str:
    body = parsed(message).get_body(("plain",))
    assert body is not None
    return str(body.get_content()).replace("\r\n", "\n")


def html_of(message: bytes) -> str:
    body = parsed(message).get_body(("html",))
    assert body is not None
    return str(body.get_content()).replace("\r\n", "\n")


def head_of(message: bytes) -> list[bytes]:
    return message.partition(b"\r\n\r\n")[0].split(b"\r\n")


def header_of(message: bytes, name: str) -> bytes:
    """The value of a header as it stands in the message, folds and all."""
    head = message.partition(b"\r\n\r\n")[0] + b"\r\n"
    (value,) = re.findall(rb"(?m)^%s: ((?:.*\r\n[ \t])*.*)\r\n" % name.encode(), head)
    return bytes(value)


def filled_in(text: str, recipient: Recipient) -> str:
    text = text.replace(Placeholder.UNSUBSCRIBE.value, recipient.unsubscribe_token)
    return text.replace(Placeholder.PREFERENCES.value, recipient.preferences_token)


# 1. The parts


def test_the_text_comes_first_and_then_the_html_with_its_images(frozen: FrozenMessage) -> None:
    message = parsed(frozen.fill(reader()))
    kinds = [part.get_content_type() for part in message.walk()]
    assert kinds == [
        "multipart/alternative",
        "text/plain",
        "multipart/related",
        "text/html",
        "image/png",
    ]
    picture = list(message.walk())[-1]
    assert picture["Content-ID"] == "<chart@issue>"
    assert picture.get_content() == png(8, 4)
    assert picture.get_content_disposition() == "inline"
    assert 'src="cid:chart@issue"' in html_of(frozen.fill(reader()))


def test_without_images_the_html_stands_beside_the_text(headers: Headers) -> None:
    mail = render_issue(penguins_content(chart=None))
    message = parsed(freeze(mail, headers).fill(reader()))
    kinds = [part.get_content_type() for part in message.walk()]
    assert kinds == ["multipart/alternative", "text/plain", "text/html"]


def test_both_bodies_decode_to_what_was_rendered(frozen: FrozenMessage) -> None:
    recipient = reader()
    message = frozen.fill(recipient)
    assert text_of(message) == filled_in(ISSUE.text, recipient)
    assert html_of(message) == filled_in(ISSUE.html, recipient)


# 2. The octets


@pytest.mark.parametrize("token", ["short", "x" * 74, "x" * 75, "x" * 76, LONG, "=." * 150])
def test_every_line_is_short_7bit_and_ends_in_crlf(frozen: FrozenMessage, token: str) -> None:
    message = frozen.fill(reader(unsubscribe_token=token, preferences_token=token, name="É" * 200))
    assert message.isascii()
    assert message.endswith(b"\r\n")
    lines = message.split(b"\r\n")
    assert not any(b"\n" in line or b"\r" in line for line in lines)
    assert max(map(len, lines)) <= 998
    body = message.partition(b"\r\n\r\n")[2].split(b"\r\n")
    assert max(map(len, body)) <= 76


def test_no_line_needs_dot_stuffing(headers: Headers) -> None:
    dots = RenderedMail(
        subject="...",
        text=f".\n..\n{Placeholder.UNSUBSCRIBE.value}\n.{Placeholder.PREFERENCES.value}.\n"
        + "." * 300,
        html=f".{Placeholder.UNSUBSCRIBE.value}.\n.\n" + "x" * 75 + ".",
    )
    recipient = reader(unsubscribe_token="." * 300, preferences_token="." * 75)
    message = freeze(dots, headers).fill(recipient)
    assert not any(line.startswith(b".") for line in message.split(b"\r\n"))
    assert text_of(message) == filled_in(dots.text, recipient)


def test_the_boundaries_cannot_occur_in_a_body(headers: Headers) -> None:
    text = f"--=_alternative\n--=_related--\n{Placeholder.UNSUBSCRIBE.value}\n--=_alternative--\n"
    mail = replace(ISSUE, text=text, html=text)
    message = freeze(mail, headers).fill(reader())
    assert text_of(message) == html_of(message) == filled_in(text, reader())


# 3. Exactly one of each


def test_an_issue_has_each_header_exactly_once(frozen: FrozenMessage) -> None:
    message = parsed(frozen.fill(reader()))
    assert sorted(message.keys()) == sorted(ONCE)


def test_the_headers_say_what_they_should(frozen: FrozenMessage) -> None:
    message = parsed(frozen.fill(reader(name="Ann Lee")))
    assert message["From"] == "Dataset Daily <hello@news.example.org>"
    assert message["To"] == "Ann Lee <reader1@example.org>"
    assert message["Subject"] == penguins_content().subject
    assert message["Date"] == "Mon, 23 Nov 2026 14:00:00 +0000"
    assert message["Message-ID"] == "<00000000000000000000000000000001@news.example.org>"


def test_the_same_recipient_gets_the_same_bytes_again(frozen: FrozenMessage) -> None:
    assert frozen.fill(reader()) == frozen.fill(reader())


@pytest.mark.parametrize(
    "message_id", ["", "x@example.org", "<a b@x>", "<a@x>\r\nBcc: b@x", "<é@x>"]
)
def test_a_message_id_that_is_none_is_refused(frozen: FrozenMessage, message_id: str) -> None:
    with pytest.raises(Invalid):
        frozen.fill(reader(message_id=message_id))


# 4. Encoded headers


def test_a_long_token_stays_in_one_piece_on_one_line(frozen: FrozenMessage) -> None:
    head = head_of(frozen.fill(reader(unsubscribe_token=LONG)))
    assert f"List-Unsubscribe: <{BASE_URL}/unsubscribe/{LONG}>".encode() in head


def test_no_list_header_has_an_encoded_word_or_is_folded(headers: Headers) -> None:
    mail = replace(ISSUE, subject="Données — " * 20)
    head = head_of(freeze(mail, headers).fill(reader(unsubscribe_token=LONG, name="Zoë")))
    for i, line in enumerate(head):
        if line.startswith((b"List-", b"Feedback-ID")):
            assert b"=?" not in line
            assert not head[i + 1].startswith((b" ", b"\t"))


@pytest.mark.parametrize(
    "title", ["Données du lundi", "東京データ" * 12, "A 🐧 for you, =?x?= too"]
)
def test_titles_beyond_ascii_read_back(environ: dict[str, str], title: str) -> None:
    environ |= {"NEWSLETTER_TITLE": title, "NEWSLETTER_MAIL_FROM": "hello@news.example.org"}
    headers = Headers.of_issue(Settings.load(environ), "monday", SENT_AT.date(), SENT_AT)
    message = freeze(replace(ISSUE, subject=title), headers).fill(reader())
    assert message.isascii()
    assert parsed(message)["Subject"] == title
    assert read_mailbox(header_of(message, "From"))[0] == title
    assert parsed(message)["List-Id"].endswith("<datasets.news.example.org>")


def test_a_line_break_in_a_subject_or_a_sender_is_refused_before_building(headers: Headers) -> None:
    with pytest.raises(Invalid, match=r"^Subject"):
        freeze(replace(ISSUE, subject="Penguins\r\nBcc: eve@example.org"), headers)
    with pytest.raises(Invalid, match=r"^From"):
        freeze(ISSUE, replace(headers, sender="A\nBcc: eve@example.org <a@example.org>"))


def test_a_line_break_in_a_name_concerns_that_recipient_alone(frozen: FrozenMessage) -> None:
    with pytest.raises(Invalid, match=r"^To"):
        frozen.fill(reader(name="Ann\r\nBcc: eve@example.org"))
    assert frozen.fill(reader())


def test_a_token_that_is_no_part_of_a_link_is_refused(frozen: FrozenMessage) -> None:
    for token in ("a b", "a>", "a\r\nBcc: x", "é", "x" * 301):
        with pytest.raises(Invalid):
            frozen.fill(reader(unsubscribe_token=token))
        with pytest.raises(Invalid):
            frozen.fill(reader(preferences_token=token))


# 5. Leaving


def test_one_click_unsubscribe_by_rfc_8058(frozen: FrozenMessage) -> None:
    message = parsed(frozen.fill(reader()))
    link = f"{BASE_URL}/unsubscribe/{reader().unsubscribe_token}"
    assert message["List-Unsubscribe"] == f"<{link}>"
    assert message["List-Unsubscribe-Post"] == "List-Unsubscribe=One-Click"


def test_both_bodies_have_the_links_whole_and_the_postal_address(frozen: FrozenMessage) -> None:
    recipient = reader(unsubscribe_token=LONG, preferences_token=LONG[::-1])
    message = frozen.fill(recipient)
    assert f"{BASE_URL}/unsubscribe/{LONG}\n" in text_of(message)
    assert f"{BASE_URL}/preferences/{LONG[::-1]}\n" in text_of(message)
    assert f'href="{BASE_URL}/unsubscribe/{LONG}"' in html_of(message)
    assert f'href="{BASE_URL}/preferences/{LONG[::-1]}"' in html_of(message)
    for body in (text_of(message), html_of(message)):
        assert "1 Data Street, 10001 New York" in body


def test_an_issue_without_its_unsubscribe_link_is_refused(headers: Headers) -> None:
    for mail in (replace(ISSUE, text="no link"), replace(ISSUE, html="no link")):
        with pytest.raises(Invalid, match="unsubscribe link"):
            freeze(mail, headers)


def test_a_recipient_without_tokens_gets_no_issue(frozen: FrozenMessage) -> None:
    with pytest.raises(Invalid, match="token"):
        frozen.fill(reader(unsubscribe_token=""))
    with pytest.raises(Invalid, match="token"):
        frozen.fill(reader(preferences_token=""))


def test_a_base_url_that_leaves_no_room_for_a_token_is_refused(headers: Headers) -> None:
    assert headers.subscription
    url = f"https://example.org/{'x' * 700}/"
    with pytest.raises(Invalid, match=r"^List-Unsubscribe"):
        freeze(
            ISSUE, replace(headers, subscription=replace(headers.subscription, unsubscribe_url=url))
        )


# 6. The list


def test_nothing_in_the_list_headers_tells_recipients_apart(frozen: FrozenMessage) -> None:
    messages = [parsed(frozen.fill(reader(number))) for number in (1, 2)]
    for name in ("List-Id", "Feedback-ID", "Precedence", "Subject", "From", "Date"):
        assert messages[0][name] == messages[1][name]
    assert messages[0]["List-Id"] == "Dataset Daily <datasets.news.example.org>"
    assert messages[0]["Feedback-ID"] == "2026-11-23:monday:datasets:newsexampleorg"
    assert messages[0]["Precedence"] == "bulk"


def test_the_feedback_id_ends_in_a_sender_of_5_to_15_characters(environ: dict[str, str]) -> None:
    for domain in ("a.b", "a-very-long.name.example.org"):
        environ["NEWSLETTER_MAIL_FROM"] = f"x@{domain}"
        headers = Headers.of_issue(Settings.load(environ), "monday", SENT_AT.date(), SENT_AT)
        assert headers.subscription
        assert re.fullmatch(
            r"2026-11-23:monday:datasets:[a-z0-9]{5,15}", headers.subscription.feedback_id
        )


def test_a_notice_is_auto_generated_and_has_no_list(settings: Settings) -> None:
    mail = render_mail(
        "confirmation",
        list_title=settings.title,
        base_url=BASE_URL,
        postal_address=settings.postal_address,
        confirm_url=f"{BASE_URL}/confirm/{LONG}",
        promise="one dataset a week.",
    )
    notice = Recipient(parse_address("ann@example.org"), None, "<n1@news.example.org>")
    message = build(mail, Headers.of_notice(settings, SENT_AT), notice)
    assert parsed(message)["Auto-Submitted"] == "auto-generated"
    assert not [name for name in parsed(message) if name.startswith("List-")]
    assert parsed(message)["Precedence"] is None
    assert f"{BASE_URL}/confirm/{LONG}" in text_of(message).splitlines()
    assert text_of(message) == mail.text
    assert html_of(message) == mail.html


# 7. International addresses


def test_an_international_domain_goes_out_in_ascii(frozen: FrozenMessage) -> None:
    message = frozen.fill(reader(address=parse_address("ann@exämple.de")))
    assert b"\r\nTo: ann@xn--exmple-cua.de\r\n" in message
    assert message.isascii()


def test_an_international_local_part_goes_out_in_utf8(frozen: FrozenMessage) -> None:
    message = frozen.fill(reader(address=parse_address("jürgen@example.org"), name="Jürgen"))
    (to,) = (line for line in head_of(message) if line.startswith(b"To:"))
    assert to.endswith("<jürgen@example.org>".encode())


def test_a_sender_of_an_international_domain_is_in_ascii(environ: dict[str, str]) -> None:
    environ["NEWSLETTER_MAIL_FROM"] = "Données <salut@exämple.de>"
    headers = Headers.of_issue(Settings.load(environ), "monday", SENT_AT.date(), SENT_AT)
    message = freeze(ISSUE, headers).fill(reader())
    assert message.isascii()
    assert parsed(message)["From"].addresses[0].addr_spec == "salut@xn--exmple-cua.de"


# The whole


def as_read(part: EmailMessage) -> str | bytes:
    content = part.get_content()
    return content if isinstance(content, bytes) else "\n".join(content.splitlines())


def built_by_the_library(recipient: Recipient) -> EmailMessage:
    """The same message, made for one recipient by the standard library."""
    message = EmailMessage(policy=email.policy.SMTP.clone(max_line_length=998))
    message["From"] = "Dataset Daily <hello@news.example.org>"
    message["To"] = str(recipient.address)
    message["Subject"] = ISSUE.subject
    message["Date"] = SENT_AT
    message["Message-ID"] = recipient.message_id
    message["List-Id"] = "Dataset Daily <datasets.news.example.org>"
    message["List-Unsubscribe"] = f"<{BASE_URL}/unsubscribe/{recipient.unsubscribe_token}>"
    message["List-Unsubscribe-Post"] = "List-Unsubscribe=One-Click"
    message["Feedback-ID"] = "2026-11-23:monday:datasets:newsexampleorg"
    message["Precedence"] = "bulk"
    message.set_content(filled_in(ISSUE.text, recipient))
    message.add_alternative(filled_in(ISSUE.html, recipient), subtype="html")
    (image,) = ISSUE.images
    html = message.get_body(("html",))
    assert isinstance(html, EmailMessage)
    html.add_related(image.png, "image", "png", cid=f"<{image.cid}>", disposition="inline")
    return message


def test_a_filled_message_equals_one_built_slowly(frozen: FrozenMessage) -> None:
    recipient = reader(unsubscribe_token=LONG)
    fast = parsed(frozen.fill(recipient))
    slow = parsed(built_by_the_library(recipient).as_bytes())
    names = set(ONCE) - {"Content-Type"}
    assert {name: str(fast[name]) for name in names} == {name: str(slow[name]) for name in names}
    assert [part.get_content_type() for part in fast.walk()] == [
        part.get_content_type() for part in slow.walk()
    ]
    for one, other in zip(fast.walk(), slow.walk(), strict=True):
        assert isinstance(one, EmailMessage)
        assert isinstance(other, EmailMessage)
        if not one.is_multipart():
            assert as_read(one) == as_read(other)


def test_a_message_has_nothing_of_another_recipient(frozen: FrozenMessage) -> None:
    ann, bob = reader(1, name="Ann Lee"), reader(2, name="Bob Ray")
    before, message, after = frozen.fill(ann), frozen.fill(bob), frozen.fill(ann)
    assert before == after
    whole = message + text_of(message).encode() + html_of(message).encode()
    for secret in ("reader1@", "Ann", "leave1-", "prefer1-", ann.message_id):
        assert secret.encode() not in whole


@tries(max_examples=examples(100), deadline=None)
@given(name=NAMES, unsubscribe=TOKENS, preferences=TOKENS)
def test_any_name_and_token_reads_back(
    name: str | None, unsubscribe: str, preferences: str
) -> None:
    recipient = reader(name=name, unsubscribe_token=unsubscribe, preferences_token=preferences)
    message = FUZZED.fill(recipient)
    assert message.isascii()
    assert not any(line.startswith(b".") for line in message.split(b"\r\n"))
    assert max(map(len, message.partition(b"\r\n\r\n")[2].split(b"\r\n"))) <= 76
    assert parsed(message)["List-Unsubscribe"] == f"<{BASE_URL}/unsubscribe/{unsubscribe}>"
    assert text_of(message) == filled_in(SHORT.text, recipient)
    assert html_of(message) == filled_in(SHORT.html, recipient)
    assert read_mailbox(header_of(message, "To")) == (
        single_spaced(name or ""),
        "reader1@example.org",
    )


@given(st.text(st.sampled_from("ab é=.\n" + "".join(h.value for h in Placeholder)), max_size=300))
def test_holes_may_stand_anywhere(body: str) -> None:
    text = body + Placeholder.UNSUBSCRIBE.value + "\n"
    message = freeze(RenderedMail("x", text, text), NEWS).fill(reader())
    assert text_of(message) == html_of(message) == filled_in(text, reader())


# Storage


def test_it_comes_back_from_storage_as_it_was(frozen: FrozenMessage) -> None:
    stored = frozen.to_bytes()
    assert stored.startswith(b"mail\x01")
    again = FrozenMessage.from_bytes(stored)
    assert again == frozen
    assert again.fill(reader()) == frozen.fill(reader())


def test_what_is_damaged_or_of_another_version_is_refused(frozen: FrozenMessage) -> None:
    stored = frozen.to_bytes()
    for broken in (
        b"",
        b"mail\x02" + stored[5:],
        stored[:-1],
        stored + b"x",
        stored[:9],
        b"mail\x01",
    ):
        with pytest.raises(ValueError, match="not a frozen message"):
            FrozenMessage.from_bytes(broken)


def test_the_segments_join_to_the_message(frozen: FrozenMessage) -> None:
    assert b"".join(frozen.segments(reader())) == frozen.fill(reader())


def test_freezing_twice_gives_the_same_bytes(headers: Headers) -> None:
    assert freeze(ISSUE, headers).to_bytes() == freeze(ISSUE, headers).to_bytes()


NEWS = Headers.of_issue(
    Settings.load(
        {
            "NEWSLETTER_BASE_URL": BASE_URL,
            "SECRET_KEY": "a secret for the tests, 0123456789",
            "NEWSLETTER_MAIL_FROM": "hello@news.example.org",
        }
    ),
    "monday",
    SENT_AT.date(),
    SENT_AT,
)
SHORT = RenderedMail(
    "Penguins",
    f"Leave: {BASE_URL}/unsubscribe/{Placeholder.UNSUBSCRIBE.value}\n"
    f"{Placeholder.PREFERENCES.value}\n",
    f'<a href="{BASE_URL}/unsubscribe/{Placeholder.UNSUBSCRIBE.value}">é</a>'
    f"{Placeholder.PREFERENCES.value}",
)
FUZZED = freeze(SHORT, NEWS)
