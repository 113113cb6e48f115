"""One table in every shape in which programs write it as JSON."""

import json
from pathlib import Path
from typing import Any

import pandas
import pytest

from newsletter.errors import SeveralTables, UnreadableTable
from tests.tables.reading.cells import parsed

ROWS = [{"name": "Peru", "n": 1, "share": 1.5}, {"name": "Chad", "n": 2, "share": None}]
ARRAYS = [list(row.values()) for row in ROWS]
NAMES = list(ROWS[0])
FRAME = pandas.DataFrame(ROWS)
COLUMNS = [("name", "string"), ("n", "integer"), ("share", "number")]


def read_json(document: Any, folder: Path, name: str = "in.json", **options: Any) -> dict[str, Any]:
    """What the parser tells of a document, in this process."""
    source = folder / name
    source.write_text(document if isinstance(document, str) else json.dumps(document))
    return parsed(source, **options)


@pytest.mark.parametrize(
    "document",
    [
        ROWS,
        {"data": ROWS},
        {"status": "ok", "results": ROWS, "errors": []},
        {"meta": {"page": 1}, "whatever": ROWS},
        [{"page": 1, "pages": 1}, ROWS],  # World Bank
        {"success": True, "result": {"records": ROWS, "fields": [{"id": "n", "type": "int"}]}},
        {"took": 2, "hits": {"total": 2, "hits": ROWS}},
        {"d": {"results": ROWS}},  # OData
        {name: [row[name] for row in ROWS] for name in NAMES},
        [NAMES, *ARRAYS],
        {"columns": NAMES, "rows": ARRAYS},
        {"fields": [{"name": name} for name in NAMES], "data": ARRAYS},
        {
            "meta": {"view": {"columns": [{"id": -1, "name": n} for n in NAMES]}},
            "data": ARRAYS,
        },  # Socrata
        *[FRAME.to_json(orient=orient) for orient in ("columns", "index", "records", "split")],
        FRAME.to_json(orient="table", index=False),
        FRAME.to_json(orient="records", lines=True),
        "\n".join(json.dumps(row, indent=2) for row in ROWS),
        "".join(map(json.dumps, ROWS)),
        json.dumps(ROWS[:1]) + json.dumps(ROWS[1:]),
    ],
)
def test_a_table_is_found_in_every_shape(tmp_path: Path, document: Any) -> None:
    outcome = read_json(document, tmp_path)

    assert outcome["columns"] == COLUMNS
    assert outcome["preview"] == [["Peru", 1, 1.5], ["Chad", 2, None]]
    assert (outcome["rows_in"], outcome["rows_rejected"]) == (2, 0)


def test_an_index_that_is_no_count_is_a_column(tmp_path: Path) -> None:
    frame = FRAME.set_index("name")

    split = read_json(frame.to_json(orient="split"), tmp_path)
    by_key = read_json(frame.to_json(orient="index"), tmp_path)

    assert split["columns"][0] == ("index", "string")
    assert by_key["columns"][0] == ("key", "string")
    assert split["preview"] == by_key["preview"] == [["Peru", 1, 1.5], ["Chad", 2, None]]


def test_objects_in_objects_are_columns_to_a_depth(tmp_path: Path) -> None:
    record = {"id": 1, "a": {"b": {"c": {"d": 2}}, "list": [1, 2]}, "e": {}}

    outcome = read_json([record], tmp_path)

    assert outcome["columns"] == [
        ("id", "integer"), ("a.b.c", "string"), ("a.list", "string"), ("e", "string")
    ]  # fmt: skip
    assert outcome["preview"] == [[1, '{"d": 2}', "[1, 2]", "{}"]]
    assert outcome["notes"] == ["Objects in objects are columns with dotted names, such as a.b.c."]


def test_names_with_dots_and_objects_do_not_meet(tmp_path: Path) -> None:
    outcome = read_json([{"a.b": 1, "a": {"b": 2}}], tmp_path)

    assert [name for name, _ in outcome["columns"]] == ["a.b", "a.b_2"]
    assert outcome["preview"] == [[1, 2]]


def test_a_key_twice_in_an_object_rejects_its_row(tmp_path: Path) -> None:
    outcome = read_json('[{"a": {"b": 1, "b": 2}}, {"a": {"b": 3}}]', tmp_path)

    assert outcome["rejected"] == [(1, "it has a key twice")]


def test_an_array_with_more_cells_than_names_is_rejected(tmp_path: Path) -> None:
    outcome = read_json([["a", "b"], [1, 2], [1, 2, 3], [4]], tmp_path)

    assert outcome["rejected"] == [(2, "it has 3 cells where there are 2 names")]
    assert outcome["preview"] == [[1, 2], [4, None]]


def test_objects_by_thousands_of_ids_stay_json(tmp_path: Path) -> None:
    outcome = read_json([{"a": {f"id{n}": n for n in range(2001)}}], tmp_path)

    assert outcome["columns"] == [("a", "string")]


def test_one_of_several_lists_is_chosen(tmp_path: Path) -> None:
    document = {"nodes": ROWS, "links": [{"source": 0}]}

    with pytest.raises(SeveralTables, match="2 tables: choose one of nodes, links"):
        read_json(document, tmp_path)
    assert read_json(document, tmp_path, table="nodes")["columns"] == COLUMNS
    usual = read_json({"data": ROWS, "links": [{"source": 0}]}, tmp_path)
    assert usual["notes"] == ["The rows are those of data; links may be chosen instead."]


@pytest.mark.parametrize(
    ("document", "says"),
    [
        ({"type": "Topology", "objects": {}}, "This is TopoJSON: convert it"),
        ({"width": 87, "values": list(range(100))}, "holds no objects"),
        ([1, 2], "do not fit|holds no objects"),
    ],
)
def test_what_holds_no_rows_is_refused_in_a_sentence(
    tmp_path: Path, document: Any, says: str
) -> None:
    with pytest.raises(UnreadableTable, match=says):
        read_json(document, tmp_path)


def feature(geometry: Any, **properties: Any) -> dict[str, Any]:
    return {"type": "Feature", "id": "x1", "properties": properties, "geometry": geometry}


def collection(*features: dict[str, Any]) -> dict[str, Any]:
    return {"type": "FeatureCollection", "features": features}


@pytest.mark.parametrize("name", ["in.geojson", "in.json", "in.ndjson"])
def test_points_have_longitude_and_latitude(tmp_path: Path, name: str) -> None:
    lima = feature({"type": "Point", "coordinates": [-77.03, -12.05]}, city="Lima", n=1)
    nowhere = feature(None, city="Atlantis", n=2)
    whole = json.dumps(collection(lima, nowhere))
    lines = f"{json.dumps(lima)}\n{json.dumps(nowhere)}\n"

    outcome = read_json(lines if name.endswith("ndjson") else whole, tmp_path, name)

    assert outcome["columns"] == [
        ("id", "string"), ("city", "string"), ("n", "integer"), ("longitude", "number"),
        ("latitude", "number"),
    ]  # fmt: skip
    assert outcome["preview"] == [
        ["x1", "Lima", 1, -77.03, -12.05],
        ["x1", "Atlantis", 2, None, None],
    ]


@pytest.mark.parametrize(
    ("geometry", "text"),
    [
        ({"type": "MultiPoint", "coordinates": [[1, 2], [3, 4]]}, "MULTIPOINT (1 2, 3 4)"),
        ({"type": "LineString", "coordinates": [[1, 2.50], [3, 4]]}, "LINESTRING (1 2.5, 3 4)"),
        (
            {"type": "Polygon", "coordinates": [[[0, 0], [1, 0], [1, 1], [0, 0]]]},
            "POLYGON ((0 0, 1 0, 1 1, 0 0))",
        ),
        (
            {"type": "MultiPolygon", "coordinates": [[[[0, 0], [1, 0], [1, 1], [0, 0]]]]},
            "MULTIPOLYGON (((0 0, 1 0, 1 1, 0 0)))",
        ),
        ({"type": "Polygon", "coordinates": []}, "POLYGON EMPTY"),
        (
            {
                "type": "GeometryCollection",
                "geometries": [{"type": "Point", "coordinates": [1, 2, 3]}],
            },
            "GEOMETRYCOLLECTION (POINT (1 2 3))",
        ),
    ],
)
def test_other_geometries_are_well_known_text(tmp_path: Path, geometry: Any, text: str) -> None:
    outcome = read_json(collection(feature(geometry, n=1)), tmp_path)

    assert outcome["preview"] == [["x1", 1, text]]


@pytest.mark.parametrize(
    "geometry",
    [
        {"type": "Blob", "coordinates": [1, 2]},
        {"type": "Point", "coordinates": ["1", "2"]},
        {"type": "LineString", "coordinates": [1, 2]},
        {"type": "GeometryCollection", "geometries": 1},
        [1, 2],
    ],
)
def test_what_is_no_geometry_rejects_its_row(tmp_path: Path, geometry: Any) -> None:
    outcome = read_json(collection(feature(geometry, n=1), feature(None, n=2)), tmp_path)

    assert outcome["rejected"] == [(1, "its geometry is none of GeoJSON")]
