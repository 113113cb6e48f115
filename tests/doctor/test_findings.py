"""What stops a part of the examination is a finding, and does not stop the others."""

import errno
from collections.abc import Iterator

import pytest

from newsletter.doctor.findings import Finding, State, Unanswered, guarded, ok
from newsletter.errors import BadSetting


@pytest.mark.parametrize(
    ("error", "state", "sentence"),
    [
        (Unanswered("Nobody answers."), State.WARNING, "Nobody answers."),
        (BadSetting("PORT: give one"), State.WRONG, "PORT: give one"),
        (
            OSError(errno.EIO, "", "/x"),
            State.WRONG,
            "/x does not read or write: look at the system's log.",
        ),
        (OSError("no"), State.WRONG, "OSError: no"),
        (KeyError("x\ny"), State.WRONG, "KeyError: 'x\\ny'"),
        (RuntimeError("first\nsecond"), State.WRONG, "RuntimeError: first"),
        (RuntimeError(), State.WRONG, "RuntimeError: "),
    ],
)
def test_what_was_found_stays_and_what_went_wrong_follows(
    error: Exception, state: State, sentence: str
) -> None:
    def looked() -> Iterator[Finding]:
        yield ok("disk", "there is one.")
        raise error

    assert list(guarded("disk", looked())) == [
        ok("disk", "there is one."),
        Finding("disk", state, sentence),
    ]
