import json
import shutil

from tests.cli.conftest import Shell


def test_it_says_what_is_worth_a_look_and_ends_well(shell: Shell) -> None:
    said = shell.done("dataset", "check", "kenya-rain")
    assert said == (
        "~ kenya-rain, dictionary: rain: 3 of 3 columns have no description: "
        "station, year, rain_mm.\n"
    )
    (finding,) = shell.read("dataset", "check")
    assert (finding["slug"], finding["about"], finding["weight"]) == (
        "kenya-rain", "dictionary", "aside",
    )  # fmt: skip


def test_what_is_wrong_makes_it_end_with_1(shell: Shell) -> None:
    shutil.rmtree(shell.folder / "instance" / "storage")
    assert "to mend" in shell.refused("dataset", "check")
    result = shell("dataset", "check", "--json")
    assert result.exit_code == 1
    assert {finding["about"] for finding in json.loads(result.stdout)} == {"file", "dictionary"}


def test_an_empty_catalog_is_well_and_an_unknown_one_is_refused(empty: Shell) -> None:
    empty.done("db", "upgrade")
    assert "All is well" in empty.done("dataset", "check")
    assert "There is no dataset 'gulls'" in empty.refused("dataset", "check", "gulls")
