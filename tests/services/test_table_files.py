from pathlib import Path

import pytest

from newsletter.errors import FetchRefused, NotFound
from newsletter.installation import Installation
from newsletter.services.table_files import TableFile, is_address, named, opened


def test_files_lie_under_their_own_names_for_a_while(tmp_path: Path) -> None:
    stored = tmp_path / "9f86"
    stored.write_text("a\n1\n")
    files = {
        "one": TableFile(stored, "Ventes été.csv"),
        "two": TableFile(stored, "../Ventes été.csv"),
        "three": TableFile(stored, "/"),
    }
    with named(files) as paths:
        assert {name: path.name for name, path in paths.items()} == {
            "one": "Ventes été.csv",
            "two": "Ventes été.csv",
            "three": "table",
        }
        assert {path.read_text() for path in paths.values()} == {"a\n1\n"}
        assert len({path.parent for path in paths.values()}) == 3
    assert not any(path.exists() for path in paths.values())
    assert stored.exists()


def test_a_path_is_opened_where_it_is(installation: Installation, tmp_path: Path) -> None:
    path = tmp_path / "rain.csv"
    with (
        pytest.raises(NotFound, match=r"There is no file .*rain\.csv"),
        opened(installation, str(path)),
    ):
        pass
    path.write_text("a\n1\n")
    with opened(installation, str(path)) as file:
        assert file == TableFile(path, "rain.csv")


def test_an_address_is_fetched_and_an_inner_one_refused(installation: Installation) -> None:
    assert is_address("https://example.org/rain.csv")
    assert not is_address("https.csv")
    with pytest.raises(FetchRefused), opened(installation, "http://127.0.0.1:9/rain.csv"):
        pass
