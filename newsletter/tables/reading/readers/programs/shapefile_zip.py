"""A shapefile in a zip archive: its attributes, and where each shape is."""

import json
import zipfile
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path, PurePosixPath
from typing import Any

import duckdb
import shapefile

from newsletter.errors import UnreadableTable
from newsletter.tables.reading.readers.geojson import wkt
from newsletter.tables.reading.readers.grid import values_of
from newsletter.tables.reading.readers.programs.dbase import (
    cells_of,
    encoding_of,
    names_of,
    reading,
)
from newsletter.tables.reading.staging import MAX_CELL, Reading, check_width, unique_names
from newsletter.tables.reading.table_choice import choose
from newsletter.tables.reading.unpack import take_member

PARTS = (".shp", ".dbf", ".cpg", ".prj")
POINTS = {shapefile.POINT, shapefile.POINTZ, shapefile.POINTM}
NO_TABLE = "The shapefile has no .dbf file, which holds its table: pack all of its files."


def read(
    connection: duckdb.DuckDBPyConnection, path: Path, folder: Path, options: Mapping[str, Any]
) -> Reading:
    """Load a layer of ``path``; see ``staging.Reading``. Raises UnreadableTable."""
    parts = _taken_out(path, folder, options)
    encoding = options["encoding"] or _encoding(parts)
    notes: list[str] = []
    with (
        reading(encoding),
        parts[".shp"].open("rb") as shp,
        parts[".dbf"].open("rb") as dbf,
        shapefile.Reader(shp=shp, dbf=dbf, encoding=encoding) as layer,
    ):
        names = names_of(layer)
        check_width(len(names))
        places = _places(layer, parts, notes)
        named = unique_names([*names, *places], notes)
        rows = enumerate(_rows(layer, len(places), notes), start=1)
        return values_of(connection, rows, named, notes, folder, options, has_footnotes=False)


def _taken_out(path: Path, folder: Path, options: Mapping[str, Any]) -> dict[str, Path]:
    """The files of the chosen layer, in the folder, under names of ours."""
    with zipfile.ZipFile(path) as archive:
        names = {name.lower(): name for name in archive.namelist()}
    layers = {
        PurePosixPath(name).stem: name[:-4]
        for lower, name in names.items()
        if lower.endswith(".shp") and not PurePosixPath(name).name.startswith(".")
    }
    if not layers:
        raise UnreadableTable(NO_TABLE)
    stem = layers[choose(list(layers), options["table"], "The archive")].lower()
    parts = {}
    for ending in PARTS:
        if member := names.get(stem + ending):
            parts[ending] = folder / f"layer{ending}"
            take_member(path, member, parts[ending], options["output_bytes"])
    if ".dbf" not in parts:
        raise UnreadableTable(NO_TABLE)
    return parts


def _encoding(parts: Mapping[str, Path]) -> str:
    stated = parts[".cpg"].read_text("ascii", "replace").strip() if ".cpg" in parts else ""
    return stated if stated and len(stated) < 20 else encoding_of(parts[".dbf"])


def _places(layer: shapefile.Reader, parts: Mapping[str, Path], notes: list[str]) -> Sequence[str]:
    """What the columns are called that say where a shape is."""
    if layer.shapeType == shapefile.NULL:
        return ()
    if layer.shapeType not in POINTS:
        return ("geometry",)
    projection = parts[".prj"].read_text("utf-8", "replace") if ".prj" in parts else ""
    if projection and not projection.lstrip().startswith("GEOGCS"):
        name = projection.partition('"')[2].partition('"')[0][:60]
        notes.append(f"The points are x and y of a projection, {name or 'without a name'}.")
        return ("x", "y")
    return ("longitude", "latitude")


def _rows(layer: shapefile.Reader, places: int, notes: list[str]) -> Iterator[list[Any]]:
    left_out = 0
    for item in layer.iterShapeRecords():
        cells = cells_of(item.record)
        if places == 2:
            point = item.shape.points[0][:2] if item.shape.points else (None, None)
            yield [*cells, *point]
            continue
        text = _well_known(item.shape) if places else None
        left_out += bool(text) and len(text or "") > MAX_CELL
        yield [*cells, *([text if text and len(text) <= MAX_CELL else None] if places else [])]
    if left_out:
        notes.append(f"{left_out:,} shapes of more than {MAX_CELL:,} characters were left out.")


def _well_known(shape: Any) -> str | None:
    if shape.shapeType == shapefile.NULL or not shape.points:
        return None
    return wkt(json.loads(json.dumps(shape.__geo_interface__)))
