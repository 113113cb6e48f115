from pathlib import Path

import pytest

from newsletter.errors import FetchRefused, NotFound
from newsletter.installation import Installation
from newsletter.services.datasets.table_files import (
    FileSource,
    TableFile,
    file_of,
    is_address,
    named,
)


def unwatched(_step: str, _part: float) -> None: ...


def test_files_lie_under_their_own_names_for_a_while(tmp_path: Path) -> None:
    stored = tmp_path / "9f86"
    stored.write_text("a\n1\n")
    files = {
        "one": TableFile(stored, "Ventes été.csv"),
        "two": TableFile(stored, "../Ventes été.csv"),
        "three": TableFile(stored, "/"),
    }
    with named(files, tmp_path) as paths:
        assert {name: path.name for name, path in paths.items()} == {
            "one": "Ventes été.csv",
            "two": "Ventes été.csv",
            "three": "table",
        }
        assert {path.read_text() for path in paths.values()} == {"a\n1\n"}
        assert len({path.parent for path in paths.values()}) == 3
    assert list(tmp_path.iterdir()) == [stored]


def test_a_path_is_read_where_it_is(installation: Installation, tmp_path: Path) -> None:
    path = tmp_path / "rain.csv"
    with pytest.raises(NotFound, match=r"There is no file .*rain\.csv"):
        FileSource.at(str(path))
    path.write_text("a\n1\n")
    source = FileSource.at(str(path))
    with file_of(installation, source, tmp_path, unwatched) as file:
        assert file == TableFile(path, "rain.csv")
    path.unlink()
    gone = file_of(installation, source, tmp_path, unwatched)
    with pytest.raises(NotFound, match=r"rain\.csv is no longer there: give it again"), gone:
        pass


def test_a_stored_file_is_found_by_each_machine(installation: Installation, tmp_path: Path) -> None:
    path = tmp_path / "rain.csv"
    path.write_text("a\n1\n")
    source = FileSource.at(str(path)).stored(installation)
    path.unlink()
    assert FileSource(**source.as_json()) == source
    with file_of(installation, source, tmp_path, unwatched) as file:
        assert (file.file_name, file.path.read_text()) == ("rain.csv", "a\n1\n")


def test_an_address_is_fetched_and_an_inner_one_refused(
    installation: Installation, tmp_path: Path
) -> None:
    assert is_address("https://example.org/rain.csv")
    assert not is_address("https.csv")
    source = FileSource.at("http://127.0.0.1:9/rain.csv")
    assert source.file_name == "rain.csv"
    work = tmp_path / "work"
    work.mkdir()
    fetched = file_of(installation, source, work, unwatched)
    with pytest.raises(FetchRefused, match="not on the public Internet"), fetched:
        pass
    assert list(work.iterdir()) == []


def test_what_is_spelled_as_no_address_is_refused_before_it_is_asked() -> None:
    with pytest.raises(FetchRefused, match="must have no spaces"):
        FileSource.at_address("https://example.org/a b")
