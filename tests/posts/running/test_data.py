from hashlib import sha256
from pathlib import Path

import pytest

from newsletter.errors import NotFound
from newsletter.posts.running.data import Data, DataTable, OtherData, lay_out

CSV, PARQUET = b"a,b\n1,2\n", b"PAR1 and so on"
NAMED = {"rain": sha256(CSV).hexdigest()}


@pytest.fixture
def table(tmp_path: Path) -> DataTable:
    (tmp_path / "kept.csv").write_bytes(CSV)
    (tmp_path / "kept.parquet").write_bytes(PARQUET)
    digest = sha256(PARQUET).hexdigest()
    return DataTable(tmp_path / "kept.csv", tmp_path / "kept.parquet", digest)


def test_files_have_the_names_that_a_post_reads_them_by(table: DataTable, tmp_path: Path) -> None:
    lay_out(Data({"rain": "Rain 2021.csv"}, lambda _: table), NAMED, tmp_path / "data")
    found = {path.name: path.read_bytes() for path in (tmp_path / "data").iterdir()}
    assert found == {"rain.csv": CSV, "Rain 2021.csv": CSV, "rain.parquet": PARQUET}


def test_a_parquet_file_of_the_folder_is_one_here(table: DataTable, tmp_path: Path) -> None:
    lay_out(Data({"rain": "all.parquet"}, lambda _: table), NAMED, tmp_path / "data")
    assert (tmp_path / "data" / "all.parquet").read_bytes() == PARQUET


def test_a_table_that_is_not_named_is_not_there(table: DataTable, tmp_path: Path) -> None:
    """Its data would be read unchecked."""
    asked = []

    def of(name: str) -> DataTable:
        asked.append(name)
        return table

    lay_out(Data({"rain": "rain.csv", "sun": "sun.csv"}, of), NAMED, tmp_path / "data")
    assert asked == ["rain"]
    assert not list((tmp_path / "data").glob("sun*"))


@pytest.mark.parametrize("at", [0, 4, len(CSV) - 1])
def test_one_other_byte_is_refused_with_both_checksums(
    table: DataTable, tmp_path: Path, at: int
) -> None:
    changed = bytearray(CSV)
    changed[at] ^= 1
    table.csv.write_bytes(changed)
    with pytest.raises(OtherData) as refused:
        lay_out(Data({"rain": "rain.csv"}, lambda _: table), NAMED, tmp_path / "data")
    assert str(refused.value) == (
        f"The data differ: rain has the SHA-256 {sha256(changed).hexdigest()}, and the post names"
        f" {NAMED['rain']}."
    )


def test_a_damaged_parquet_file_is_refused(table: DataTable, tmp_path: Path) -> None:
    table.parquet.write_bytes(PARQUET + b".")
    with pytest.raises(OtherData, match="The data differ: rain"):
        lay_out(Data({"rain": "rain.csv"}, lambda _: table), NAMED, tmp_path / "data")


def test_a_table_that_the_dataset_does_not_have_is_refused(
    table: DataTable, tmp_path: Path
) -> None:
    with pytest.raises(OtherData, match="names a table rain, which its dataset does not have"):
        lay_out(Data({"sun": "sun.csv"}, lambda _: table), NAMED, tmp_path / "data")


def test_code_that_writes_into_its_data_changes_nothing_of_ours(
    table: DataTable, tmp_path: Path
) -> None:
    lay_out(Data({"rain": "rain.csv"}, lambda _: table), NAMED, tmp_path / "data")
    (tmp_path / "data" / "rain.csv").write_bytes(b"other")
    assert table.csv.read_bytes() == CSV


def test_a_file_that_is_gone_says_so(tmp_path: Path) -> None:
    def gone(_: str) -> DataTable:
        raise NotFound("There is no stored file.")

    with pytest.raises(NotFound):
        lay_out(Data({"rain": "rain.csv"}, gone), NAMED, tmp_path / "data")
