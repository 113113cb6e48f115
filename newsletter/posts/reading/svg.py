"""A stranger's SVG, left with its shapes and words.

What stays is named here, so nothing that runs, fetches, moves or multiplies does: no script,
link, filter, pattern or foreign markup, and no reference but to an element of the
drawing itself. It is drawn as PNG afterwards; no browser ever gets it.
"""

import re
from collections.abc import Iterator
from xml.etree import ElementTree
from xml.etree.ElementTree import Element

SVG = "{http://www.w3.org/2000/svg}"
HREFS = ("href", "{http://www.w3.org/1999/xlink}href")
MAX_CHARACTERS = 5_000_000
MAX_ELEMENTS = 100_000
MAX_DEPTH = 60
MAX_COPIES = 20_000
TAGS = {
    "svg", "g", "defs", "symbol", "use", "title", "desc", "path", "rect", "circle", "ellipse",
    "line", "polyline", "polygon", "text", "tspan", "clipPath", "linearGradient",
    "radialGradient", "stop", "style",
}  # fmt: skip
# Attributes and properties of style that carry no reference beyond url(#...).
SHAPES = {
    "id", "class", "x", "y", "x1", "y1", "x2", "y2", "cx", "cy", "r", "rx", "ry", "fx", "fy", "dx",
    "dy", "width", "height", "d", "points", "transform", "viewBox", "preserveAspectRatio", "rotate",
    "offset", "gradientUnits", "gradientTransform", "spreadMethod", "clipPathUnits",
    "textLength", "lengthAdjust",
}  # fmt: skip
STYLES = {
    "fill", "fill-opacity", "fill-rule", "stroke", "stroke-width", "stroke-opacity",
    "stroke-linecap", "stroke-linejoin", "stroke-dasharray", "stroke-dashoffset",
    "stroke-miterlimit", "opacity", "color", "visibility", "display", "clip-path", "clip-rule",
    "stop-color", "stop-opacity", "font-family", "font-size", "font-style", "font-weight",
    "font", "text-anchor", "text-decoration", "letter-spacing", "word-spacing",
    "dominant-baseline", "alignment-baseline", "baseline-shift", "writing-mode",
}  # fmt: skip
CLIP = "clip-path"  # as an attribute alone: clips of clips are taken away from there
DOCTYPE = re.compile(r"<!DOCTYPE[^<>\[]*>")
LOCAL = re.compile(r"#[\w.:-]{1,200}")
REFERENCE = re.compile(r"url\(\s*['\"]?#[\w.:-]{1,200}['\"]?\s*\)")
LENGTH = re.compile(r"\s*([0-9]{1,6}(?:\.[0-9]{0,9})?)(?:\s*(px|pt|pc|in|cm|mm))?\s*")
INCH = 96.0  # px, CSS Values and Units, section 6.2
PIXELS = {
    None: 1.0, "px": 1.0, "pt": INCH / 72, "pc": INCH / 6, "in": INCH, "cm": INCH / 2.54,
    "mm": INCH / 25.4,
}  # fmt: skip
DEFAULT = (300.0, 150.0)


class NotDrawn(ValueError):
    """It is no SVG, or one that we do not draw."""


def cleaned(text: str) -> tuple[str, float, float]:
    """``text`` with what may stay, and its width and height in px. Raises NotDrawn."""
    if len(text) > MAX_CHARACTERS:
        raise NotDrawn("it is too large")
    text = DOCTYPE.sub("", text, count=1)
    if "<!DOCTYPE" in text or "<!ENTITY" in text:
        raise NotDrawn("it declares entities")
    try:
        root = ElementTree.fromstring(text)  # noqa: S314 (no entity is declared in it)
    except (ElementTree.ParseError, ValueError) as error:
        raise NotDrawn("it is not well-formed") from error
    if _name(root) != "svg":
        raise NotDrawn("it is not an SVG")
    _strip(root)
    _refuse_multiplying(root)
    width, height = _size(root)
    root.set("width", f"{width:g}")
    root.set("height", f"{height:g}")
    root.tail = None
    return ElementTree.tostring(root, encoding="unicode"), width, height


def _strip(root: Element) -> None:
    """Take away all that is not named, without recursing: it may be nested without end."""
    count = 0
    waiting = [(root, 1)]
    while waiting:
        element, depth = waiting.pop()
        count += 1
        if count > MAX_ELEMENTS or depth > MAX_DEPTH:
            raise NotDrawn("it has too many elements")
        element.tag = SVG + _name(element)
        kept = dict(_attributes(element))
        element.attrib.clear()
        element.attrib.update(kept)
        for child in list(element):
            if _stays(child):
                waiting.append((child, depth + 1))
            else:
                element.remove(child)


def _stays(element: Element) -> bool:
    name = _name(element)
    if name == "style":
        sheet = element.text or ""
        return len(element) == 0 and _is_harmless(sheet) and CLIP not in sheet.casefold()
    return name in TAGS


def _attributes(element: Element) -> Iterator[tuple[str, str]]:
    """What may stay."""
    for name, value in element.attrib.items():
        if name in SHAPES or (name in STYLES and _is_harmless(value)):
            yield name, value
        elif name in HREFS and LOCAL.fullmatch(value.strip()):
            yield "href", value.strip()
        elif name == "style":
            yield name, "; ".join(_declarations(value))


def _declarations(style: str) -> Iterator[str]:
    for declaration in style.split(";"):
        name, _, value = (part.strip() for part in declaration.partition(":"))
        if name in STYLES and name != CLIP and _is_harmless(value):
            yield f"{name}: {value}"


def _is_harmless(value: str) -> bool:
    rest = REFERENCE.sub("", value).casefold()
    return not re.search(r"url|[\\<>@]", rest)


def _refuse_multiplying(root: Element) -> None:
    """A few copies of copies can stand for millions of shapes, as can clips of clips."""
    by_id = {element.get("id"): element for element in root.iter() if element.get("id")}
    copied = 0
    for element in root.iter():
        target = by_id.get((element.get("href") or "").removeprefix("#"))
        if element.tag == f"{SVG}use" and target is not None:
            if any(inner.tag == f"{SVG}use" for inner in target.iter()):
                raise NotDrawn("it copies copies")
            copied += sum(1 for _ in target.iter())
        if copied > MAX_COPIES:
            raise NotDrawn("it has too many copies")
        if element.tag == f"{SVG}clipPath":
            for inner in element.iter():
                inner.attrib.pop(CLIP, None)


def _size(root: Element) -> tuple[float, float]:
    box = re.split(r"[\s,]+", root.get("viewBox", "").strip())
    sides = [_pixels(text) for text in box[2:4]] if len(box) == 4 else []
    width = _pixels(root.get("width", "")) or (sides[0] if sides else None)
    height = _pixels(root.get("height", "")) or (sides[1] if sides else None)
    if not width or not height:
        width, height = width or DEFAULT[0], height or DEFAULT[1]
    return width, height


def _pixels(length: str) -> float | None:
    """A length in px; None where it says none that is fixed, such as 100%."""
    number = LENGTH.fullmatch(length)
    return float(number[1]) * PIXELS[number[2]] if number else None


def _name(element: Element) -> str:
    """The name in SVG's namespace, or in none, as many write it; one of another namespace
    keeps it, and so is not among those that stay."""
    return element.tag.removeprefix(SVG)
