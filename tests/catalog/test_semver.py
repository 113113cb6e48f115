"""Which number a version takes after what changed."""

import pytest

from newsletter.catalog import semver
from newsletter.catalog.semver import Step
from newsletter.errors import Invalid
from newsletter.tables.diff.values import Change, Diff, RowChanges, TableDiff


def diff(after: str = "1.4.3", **changes: object) -> Diff:
    return Diff("1.4.2", after, (TableDiff("t", 3, 3, **changes),))  # type: ignore[arg-type]


SOMETHING = (Change("a", "x", "y"),)


@pytest.mark.parametrize(
    ("found", "step", "number"),
    [
        (diff(), Step.PATCH, "1.4.3"),
        (diff(added=("a",)), Step.MINOR, "1.5.0"),
        (diff(rows=RowChanges(3, 0)), Step.MINOR, "1.5.0"),
        (Diff("1.4.2", "", tables_added=("t",)), Step.MINOR, "1.5.0"),
        (diff(rows=RowChanges(3, 1)), Step.MAJOR, "2.0.0"),
        (diff(rows=RowChanges(0, 0, changed=1)), Step.MAJOR, "2.0.0"),
        (diff(rows=None), Step.MAJOR, "2.0.0"),
        (diff(removed=("a",), added=("b",)), Step.MAJOR, "2.0.0"),
        (diff(renamed=SOMETHING), Step.MAJOR, "2.0.0"),
        (diff(retyped=SOMETHING), Step.MAJOR, "2.0.0"),
        (diff(units=SOMETHING), Step.MAJOR, "2.0.0"),
        (Diff("1.4.2", "", tables_removed=("t",)), Step.MAJOR, "2.0.0"),
    ],
)
def test_the_number_follows_what_changed(found: Diff, step: Step, number: str) -> None:
    assert semver.step_of(found) is step
    assert semver.proposed(found) == number


@pytest.mark.parametrize("number", ["1.4.3", "1.5.0"])
def test_a_number_that_says_less_is_warned_of(number: str) -> None:
    warning = semver.understated(diff(number, removed=("a",)))
    assert "2.0.0" in warning


@pytest.mark.parametrize("number", ["1.5.0", "1.7.0", "2.0.0"])
def test_a_number_that_says_as_much_or_more_is_fine(number: str) -> None:
    assert semver.understated(diff(number, added=("a",))) == ""


@pytest.mark.parametrize("number", ["1.4.2", "1.4.1", "1.3.9", "0.9.9"])
def test_a_number_that_does_not_follow_is_refused(number: str) -> None:
    with pytest.raises(Invalid, match="does not come after"):
        semver.step_between("1.4.2", number)
    assert "does not come after" in semver.understated(diff(number))


def test_numbers_order_as_numbers() -> None:
    assert semver.step_between("1.9.0", "1.10.0") is Step.MINOR
    assert semver.parsed("1.10.0") > semver.parsed("1.9.9")


@pytest.mark.parametrize(
    "number", ["", "1", "1.0", "1.0.0.0", "01.0.0", "a.b.c", "1.0.-1", "١.0.0"]
)
def test_what_is_no_number_is_refused(number: str) -> None:
    with pytest.raises(Invalid, match="no version number"):
        semver.parsed(number)
