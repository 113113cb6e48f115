"""From errata to a correction, with no database."""

from newsletter.mailing.compose_correction import PREHEADER_AT_MOST, compose_correction
from newsletter.mailing.content import Fact, Link
from newsletter.mailing.facts import WrongVersion
from newsletter.mailing.render import render_issue
from tests.mailing.sample_facts import PAGE, correction_facts, mailing_facts


def test_it_says_what_was_wrong_the_newest_first_and_which_versions() -> None:
    content = compose_correction(correction_facts())
    assert content.notes == ("So it was.", "A digit was lost.")
    assert content.preheader == "So it was."
    assert content.wrong == (
        Link("1.0.0", f"{PAGE}/v/1.0.0/"),
        Link("1.1.0", f"{PAGE}/v/1.1.0/"),
    )
    assert content.page_url == f"{PAGE}/v/2.0.0/"
    assert content.changes_url == f"{PAGE}/v/1.0.0..2.0.0"
    assert content.changes == (Fact("Rows", "344 before, 345 now: "),)
    assert "/v/1.1.0/ becomes /v/2.0.0/" in content.steps[0]


def test_a_note_of_several_versions_is_said_once() -> None:
    wrong = tuple(WrongVersion(number, "A digit was lost.") for number in ("1.0.0", "1.1.0"))
    assert compose_correction(correction_facts(wrong=wrong)).notes == ("A digit was lost.",)


def test_a_long_note_is_cut_between_words_in_the_preheader() -> None:
    wrong = (WrongVersion("1.0.0", "one, two; " * 40),)
    preheader = compose_correction(correction_facts(wrong=wrong)).preheader
    assert len(preheader) <= PREHEADER_AT_MOST + 2
    assert preheader.endswith(("one …", "two …"))


def test_a_curators_words_are_beside_it() -> None:
    assert compose_correction(correction_facts()).words is None
    content = compose_correction(correction_facts(mailing=mailing_facts(intro="We are *sorry*.")))
    assert content.words is not None
    assert content.words.text == "We are sorry."
    assert "We are <em>sorry</em>." in render_issue(content).html
