"""A stranger's picture, drawn anew as PNG: nothing of its file is kept but the pixels.

So there is no metadata, no second file behind the first, and no picture that is none.
"""

import base64
import binascii
import re
import warnings
from dataclasses import dataclass
from io import BytesIO

import vl_convert
from PIL import Image

from newsletter.posts.reading.svg import NotDrawn, cleaned

MAX_PIXELS = 25_000_000  # of one that is read
MAX_SIDE = 1600  # px of one that is kept: twice what a page or a mail shows
MAX_SHAPE = 4000  # px, the height of one that is kept
MAX_BYTES = 1_500_000  # of one that is kept
FORMATS = ("PNG", "JPEG")


@dataclass(frozen=True, slots=True)
class Picture:
    """``width`` and ``height`` are what it is shown at, in CSS px; it may have more pixels."""

    png: bytes
    width: int
    height: int


def from_base64(text: str, wanted: tuple[int, int] | None = None) -> Picture:
    """The PNG or JPEG that ``text`` holds, to be shown at the size that is ``wanted``, or at
    its own. Raises NotDrawn."""
    try:
        content = base64.b64decode(re.sub(r"\s+", "", text), validate=True)
    except (binascii.Error, ValueError) as error:
        raise NotDrawn("it is not encoded in base64") from error
    image = _decoded(content)
    if wanted is not None and 0 < wanted[0] <= image.width:
        shown = wanted[0], max(1, round(image.height * wanted[0] / image.width))
    else:
        shown = image.size
    return _packed(image, shown)


def from_svg(text: str) -> Picture:
    """The SVG ``text``, drawn at two pixels for each px. Raises NotDrawn."""
    svg, width, height = cleaned(text)
    if width < 1 or height < 1 or width > 10 * MAX_SHAPE or height > 10 * MAX_SHAPE:
        raise NotDrawn("its size cannot be drawn")
    scale = min(2.0, MAX_SIDE / width, MAX_SHAPE / height)
    try:
        png = vl_convert.svg_to_png(svg, scale=scale)
    except ValueError as error:
        raise NotDrawn("it cannot be drawn") from error
    fit = min(1.0, scale)
    image = _decoded(png)
    return _packed(image, (max(1, round(width * fit)), max(1, round(height * fit))))


def _decoded(content: bytes) -> Image.Image:
    """All pixels, in memory. Raises NotDrawn."""
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("error", Image.DecompressionBombWarning)
            image = Image.open(BytesIO(content), formats=FORMATS)
            if image.width * image.height > MAX_PIXELS:
                raise NotDrawn("it is too large")
            image.load()
    except NotDrawn:
        raise
    except Exception as error:  # what a decoder stumbles on is of many kinds
        raise NotDrawn("it is damaged, or of another kind than it says") from error
    return image


def _packed(image: Image.Image, shown: tuple[int, int]) -> Picture:
    plain = _fitted(_plain(image))
    png = _encoded(plain)
    while len(png) > MAX_BYTES:  # a photograph
        plain = plain.resize((max(1, plain.width // 2), max(1, plain.height // 2)))
        png = _encoded(plain)
    over = min(1.0, MAX_SIDE / shown[0], MAX_SHAPE / shown[1])
    width, height = (max(1, round(side * over)) for side in shown)
    return Picture(png, width, height)


def _fitted(image: Image.Image) -> Image.Image:
    fit = min(1.0, MAX_SIDE / image.width, MAX_SHAPE / image.height)
    if fit == 1:
        return image
    size = (max(1, round(image.width * fit)), max(1, round(image.height * fit)))
    return image.resize(size, Image.Resampling.LANCZOS)


def _encoded(image: Image.Image) -> bytes:
    file = BytesIO()
    image.save(file, "PNG", optimize=True)
    return file.getvalue()


def _plain(image: Image.Image) -> Image.Image:
    """Pixels alone, of grey or of red, green and blue. What can be seen through is white: the
    dark lines of a figure are read on a dark page, too."""
    if image.mode in {"L", "RGB"} and not image.has_transparency_data:
        image.info.clear()
        return image
    layers = image.convert("RGBA")
    paper = Image.new("RGB", image.size, "white")
    paper.paste(layers, mask=layers.getchannel("A"))
    return paper
