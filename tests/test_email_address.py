import string

import pytest
from email_validator import EmailNotValidError, validate_email
from hypothesis import given
from hypothesis import strategies as st

from newsletter.email_address import (
    Address,
    address_key,
    parse_address,
)
from newsletter.errors import InvalidAddress


@pytest.mark.parametrize(
    ("typed", "canonical"),
    [
        ("ann@example.org", "ann@example.org"),
        ("  ann@example.org\t", "ann@example.org"),
        ("Ann.Lee+data@Example.ORG", "Ann.Lee+data@example.org"),
        ("ann@example.org.", "ann@example.org"),
        ("ann@exämple.de", "ann@xn--exmple-cua.de"),
        ("ann@XN--EXMPLE-CUA.de", "ann@xn--exmple-cua.de"),
        ("jürgen@exämple.de", "jürgen@xn--exmple-cua.de"),
        ("o'hara@example.org", "o'hara@example.org"),
        ("a" * 64 + "@example.org", "a" * 64 + "@example.org"),
    ],
)
def test_it_keeps_an_address_in_canonical_form(typed: str, canonical: str) -> None:
    assert str(parse_address(typed)) == canonical
    assert parse_address(canonical) == parse_address(typed)


@pytest.mark.parametrize(
    "typed",
    [
        "",
        "ann",
        "@example.org",
        "ann@",
        "ann@.",
        "ann@example",
        "ann@example..org",
        "ann@-example.org",
        "ann@exam_ple.org",
        "ann@localhost",
        "ann@printer.local",
        "ann lee@example.org",
        "ann@example.org\n",
        "ann\r\nBcc: bob@example.org",
        "ann\n@example.org",
        "ann@example.org\r\nDATA",
        "ann@example.org, bob@example.org",
        "Ann Lee <ann@example.org>",
        '"ann lee"@example.org',
        "ann@[127.0.0.1]",
        "a" * 65 + "@example.org",
        "ü" * 33 + "@example.org",  # 66 octets
        "ann@" + "a" * 64 + ".org",
        "ann@" + "a." * 130 + "org",
        "ann\x00@example.org",
        "ann\u2028@example.org",
    ],
)
def test_it_refuses_what_no_server_would_accept_and_says_why(typed: str) -> None:
    with pytest.raises(InvalidAddress) as refusal:
        parse_address(typed)
    assert str(refusal.value).endswith(".")
    assert len(typed) < 4 or typed not in str(refusal.value)


def test_only_a_local_part_beyond_ascii_needs_smtputf8() -> None:
    assert parse_address("jürgen@example.org").needs_smtputf8
    assert not parse_address("ann@exämple.de").needs_smtputf8


def test_uppercase_twins_have_one_key_and_plus_tags_have_their_own() -> None:
    assert address_key(parse_address("Ann@Example.org")) == "ann@example.org"
    assert address_key("ANN@EXAMPLE.ORG") == address_key(parse_address("ann@example.org"))
    assert address_key("ann+data@example.org") != address_key("ann@example.org")


@given(
    st.text(string.ascii_letters + string.digits + ".+-_'", max_size=70),
    st.text(string.ascii_letters + string.digits + "-.", max_size=70),
    st.sampled_from(["org", "test", "local", "c", "a1", "museum", "ORG", "xn--p1ai"]),
)
def test_the_short_way_reads_an_address_just_as_the_full_validation(
    local: str, domain: str, top: str
) -> None:
    text = f"{local}@{domain}.{top}"
    try:
        valid = validate_email(text, check_deliverability=False)
    except EmailNotValidError:
        with pytest.raises(InvalidAddress):
            parse_address(text)
    else:
        if len(local) > 64:
            with pytest.raises(InvalidAddress):
                parse_address(text)
        else:
            assert parse_address(text) == Address(local, valid.ascii_domain.lower())


@given(st.text())
def test_any_text_is_read_or_refused(text: str) -> None:
    try:
        address = parse_address(text)
    except InvalidAddress:
        return
    assert address.domain.isascii()
    assert not {"\r", "\n", " "} & set(str(address))
