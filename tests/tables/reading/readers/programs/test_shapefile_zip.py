"""Shapefiles in a zip archive, and DBF by itself."""

import zipfile
from datetime import date
from pathlib import Path
from typing import Any

import pytest
import shapefile

from newsletter.errors import SeveralTables, UnreadableTable
from tests.tables.reading.cells import parsed


def points(folder: Path, name: str, **parts: str) -> list[Path]:
    with shapefile.Writer(folder / name, shapeType=shapefile.POINT) as layer:
        layer.field("name", "C", 20)
        layer.field("pop", "N", 10)
        layer.field("day", "D")
        layer.field("is_new", "L")
        layer.point(10, 50.5)
        layer.record("Zo\u00eb", 7, date(2026, 1, 2), True)
        layer.null()
        layer.record("007", None, None, None)
    for ending, text in parts.items():
        (folder / f"{name}.{ending}").write_text(text)
    return sorted(folder.glob(f"{name}.*"))


def packed(folder: Path, files: list[Path]) -> Path:
    with zipfile.ZipFile(folder / "shapes.zip", "w") as archive:
        for file in files:
            archive.write(file, f"all/{file.name}")
    return folder / "shapes.zip"


@pytest.mark.parametrize(
    ("parts", "names"),
    [
        ({}, ["longitude", "latitude"]),
        ({"prj": 'GEOGCS["WGS 84",DATUM[]]', "cpg": "UTF-8"}, ["longitude", "latitude"]),
        ({"prj": 'PROJCS["ETRS89 / UTM 32N",GEOGCS[]]'}, ["x", "y"]),
    ],
)
def test_attributes_and_where_points_are(
    tmp_path: Path, parts: dict[str, str], names: list[str]
) -> None:
    table = parsed(packed(tmp_path, points(tmp_path, "places", **parts)))

    assert [name for name, _ in table["columns"]] == ["name", "pop", "day", "is_new", *names]
    assert table["preview"] == [
        ["Zo\u00eb", 7, "2026-01-02", True, 10, 50.5], ["007", None, None, None, None, None]
    ]  # fmt: skip
    assert any("ETRS89 / UTM 32N" in note for note in table["notes"]) == (names == ["x", "y"])


def test_a_layer_is_to_be_chosen_of_several(tmp_path: Path) -> None:
    archive = packed(tmp_path, [*points(tmp_path, "a"), *points(tmp_path, "b")])

    with pytest.raises(SeveralTables, match="choose one of a, b"):
        parsed(archive)
    assert parsed(archive, table="b")["rows_kept"] == 2


def test_the_table_alone(tmp_path: Path) -> None:
    points(tmp_path, "places")

    assert parsed(tmp_path / "places.dbf")["preview"][0] == ["Zo\u00eb", 7, "2026-01-02", True]


@pytest.mark.parametrize("options", [{"encoding": "ascii"}, {"encoding": "no such"}])
def test_a_wrong_encoding_is_said(tmp_path: Path, options: dict[str, Any]) -> None:
    points(tmp_path, "places")

    with pytest.raises(UnreadableTable, match="encoding"):
        parsed(tmp_path / "places.dbf", **options)


def test_what_lacks_or_is_damaged_is_said(tmp_path: Path) -> None:
    with pytest.raises(UnreadableTable, match=r"no \.dbf file"):
        parsed(packed(tmp_path, [f for f in points(tmp_path, "a") if f.suffix != ".dbf"]))
    (tmp_path / "bad.dbf").write_bytes(b"\x03" + bytes(40))
    with pytest.raises(UnreadableTable, match="DBF file is damaged"):
        parsed(tmp_path / "bad.dbf")
