import quopri

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from newsletter.mailing.quoted_printable import quoted_printable

LINES = st.text(st.sampled_from("a. =Fromé\u00a0\t\n漢🐧-"), max_size=400)


@given(st.one_of(st.text(), LINES))
@example("From here")
@example("x" * 74 + " \n.\nFrom ")
@example("." * 200)
@example("é" * 100)
def test_it_decodes_to_what_went_in(text: str) -> None:
    expected = text.replace("\r\n", "\n").encode()
    decoded = quopri.decodestring(quoted_printable(text)).replace(b"\r\n", b"\n")
    assert decoded == expected


@given(st.one_of(st.text(), LINES))
@example("." * 200)
@example("From " * 40)
def test_every_line_is_short_ascii_and_safe_on_the_wire(text: str) -> None:
    encoded = quoted_printable(text)
    assert encoded.isascii()
    for line in encoded.split(b"\r\n"):
        assert len(line) <= 76
        assert not line.startswith((b".", b"From "))
        assert not line.endswith((b" ", b"\t"))
        assert b"\r" not in line
        assert b"\n" not in line


@pytest.mark.parametrize("length", [74, 75, 76, 77, 150, 151, 152])
def test_a_line_leaves_room_for_the_soft_break(length: int) -> None:
    lines = quoted_printable("x" * length).split(b"\r\n")
    assert max(map(len, lines)) <= 76
    assert len(lines[-1]) <= 75
