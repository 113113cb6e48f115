from newsletter.catalog.checks.digest import AT_MOST, digest
from newsletter.catalog.checks.findings import Finding, Weight

GONE = Finding("birds", "source", Weight.WRONG, "It is gone.")
NOTE = Finding("birds", "dictionary", Weight.NOTE, "It says nothing.")
ASIDE = Finding("birds", "source", Weight.ASIDE, "It is silent.")


def test_nothing_to_say_is_no_digest() -> None:
    assert digest([]) is digest([ASIDE]) is None


def test_it_counts_and_tells() -> None:
    told = digest([GONE, NOTE, ASIDE])
    assert told is not None
    subject, lines = told
    assert subject == "The catalog: 1 to mend, 1 to look at"
    assert lines[:2] == ["birds, source: It is gone.", "birds, dictionary: It says nothing."]
    assert "silent" not in " ".join(lines)


def test_it_is_never_too_long_to_read() -> None:
    told = digest([GONE] * (AT_MOST + 7))
    assert told is not None
    assert "And 7 more." in told[1]
    assert len(told[1]) == AT_MOST + 2
