"""A feature of GeoJSON (RFC 7946) as a row: its properties, and where it is."""

from collections.abc import Mapping
from typing import Any

POINT = ("longitude", "latitude", "elevation")
SHAPES = {  # how deep positions stand in its coordinates
    "Point": 0, "MultiPoint": 1, "LineString": 1, "MultiLineString": 2, "Polygon": 2,
    "MultiPolygon": 3,
}  # fmt: skip
NO_GEOMETRY = "its geometry is none of GeoJSON"


def is_feature(item: Any) -> bool:
    return isinstance(item, dict) and item.get("type") == "Feature" and "properties" in item


def flat_feature(feature: Mapping[str, Any]) -> dict[str, Any]:
    """The id, the properties, and the longitude and latitude of a point; any other geometry
    as WKT. Raises ValueError with the reason why there is none."""
    row = {"id": feature["id"]} if "id" in feature else {}
    properties = feature.get("properties")
    row |= properties if isinstance(properties, dict) else {}
    geometry = feature.get("geometry")
    if geometry is None:
        return row
    if not isinstance(geometry, dict):
        raise ValueError(NO_GEOMETRY)
    if geometry.get("type") == "Point" and geometry.get("coordinates"):
        position = geometry["coordinates"]
        _position(position)
        return row | dict(zip(_free(row, POINT), position, strict=False))
    return row | {_free(row, ("geometry",))[0]: wkt(geometry)}


def wkt(geometry: Mapping[str, Any]) -> str:
    """The geometry as well-known text. Raises ValueError where it is none."""
    shape = geometry.get("type")
    if shape == "GeometryCollection":
        parts = geometry.get("geometries")
        if not isinstance(parts, list) or not all(isinstance(part, dict) for part in parts):
            raise ValueError(NO_GEOMETRY)
        inside = ", ".join(map(wkt, parts))
        return f"GEOMETRYCOLLECTION ({inside})" if inside else "GEOMETRYCOLLECTION EMPTY"
    depth = SHAPES.get(str(shape))
    if depth is None:
        raise ValueError(NO_GEOMETRY)
    coordinates = geometry.get("coordinates")
    if not coordinates:
        return f"{str(shape).upper()} EMPTY"
    text = _coordinates(coordinates, depth)
    return f"{str(shape).upper()} {text if depth else f'({text})'}"


def _coordinates(coordinates: Any, depth: int) -> str:
    if depth == 0:
        return _position(coordinates)
    if not isinstance(coordinates, list):
        raise ValueError(NO_GEOMETRY)
    return f"({', '.join(_coordinates(part, depth - 1) for part in coordinates)})"


def _position(position: Any) -> str:
    is_position = isinstance(position, list) and len(position) >= 2
    if not is_position or not all(_is_number(number) for number in position[:3]):
        raise ValueError(NO_GEOMETRY)
    return " ".join(str(getattr(number, "text", number)) for number in position[:3])


def _is_number(value: Any) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool)


def _free(row: Mapping[str, Any], names: tuple[str, ...]) -> tuple[str, ...]:
    """``names``, or longer ones where a property is called so."""
    return tuple(f"geometry.{name}" if name in row else name for name in names)
