"""Pictures are drawn anew, or left out with the reason: nothing of their files is kept."""

import base64
import struct
import time
import zlib
from io import BytesIO

import pytest
from PIL import Image

from newsletter.posts.reading.pictures import MAX_SIDE, from_base64, from_svg
from newsletter.posts.reading.svg import NotDrawn, cleaned
from tests import factories

XLINK = 'xmlns:xlink="http://www.w3.org/1999/xlink"'


def encoded(content: bytes) -> str:
    return base64.b64encode(content).decode()


def picture(kind: str, size: tuple[int, int] = (8, 6), mode: str = "RGB") -> bytes:
    file = BytesIO()
    Image.new(mode, size, "red").save(file, kind)
    return file.getvalue()


def pixels(png: bytes) -> Image.Image:
    image = Image.open(BytesIO(png), formats=["PNG"])
    image.load()
    return image


def svg(inner: str, attributes: str = 'width="20" height="10"') -> str:
    return f'<svg xmlns="http://www.w3.org/2000/svg" {XLINK} {attributes}>{inner}</svg>'


@pytest.mark.parametrize(
    ("kind", "mode"), [("PNG", "RGB"), ("PNG", "P"), ("PNG", "1"), ("PNG", "LA"), ("JPEG", "CMYK")]
)
def test_a_picture_becomes_a_png_of_the_same_size(kind: str, mode: str) -> None:
    drawn = from_base64(encoded(picture(kind, mode=mode)))
    assert pixels(drawn.png).size == (drawn.width, drawn.height) == (8, 6)


def test_base64_may_have_lines() -> None:
    assert from_base64(encoded(factories.png()).replace("A", "A\n")).width == 60


def test_nothing_behind_or_beside_the_pixels_is_kept() -> None:
    file = BytesIO()
    info = Image.Exif()
    info[0x010E] = "SECRET"
    Image.new("RGB", (8, 6)).save(file, "PNG", exif=info)
    drawn = from_base64(encoded(file.getvalue() + b"<script>SECRET</script>"))
    assert b"SECRET" not in drawn.png
    assert b"script" not in drawn.png


@pytest.mark.parametrize(
    "content",
    [
        b"",
        b"<svg onload=alert(1)>",
        b"\x89PNG\r\n\x1a\n" + b"<script>alert(1)</script>",
        factories.png()[:-40],
        factories.png(600, 400)[:300],
        picture("GIF"),
        picture("BMP"),
        picture("TIFF"),
        b"%PDF-1.7",
        b"%!PS-Adobe-3.0 EPSF-3.0\n%%BoundingBox: 0 0 9 9\n",
    ],
)
def test_what_is_no_png_or_jpeg_is_left_out(content: bytes) -> None:
    with pytest.raises(NotDrawn, match="damaged, or of another kind than it says"):
        from_base64(encoded(content))


@pytest.mark.parametrize("text", ["<script>", "data:image/png;base64,AAAA", "AAA", "ÿÿÿÿ"])
def test_what_is_no_base64_is_left_out(text: str) -> None:
    with pytest.raises(NotDrawn, match="not encoded in base64"):
        from_base64(text)


def bomb(width: int, height: int) -> bytes:
    """Some kilobytes that are decoded to ``width`` x ``height`` pixels."""
    header = struct.pack(">IIBBBBB", width, height, 1, 0, 0, 0, 0)
    lines = zlib.compress(b"\0" * (width // 8 + 1) * height, 9)
    chunks = ((b"IHDR", header), (b"IDAT", lines), (b"IEND", b""))
    return b"\x89PNG\r\n\x1a\n" + b"".join(
        struct.pack(">I", len(body)) + kind + body + struct.pack(">I", zlib.crc32(kind + body))
        for kind, body in chunks
    )


@pytest.mark.parametrize("size", [(20_000, 20_000), (100_000, 300), (2_000_000, 13)])
def test_a_decompression_bomb_is_not_decoded(size: tuple[int, int]) -> None:
    began = time.process_time()
    with pytest.raises(NotDrawn):
        from_base64(encoded(bomb(*size)))
    assert time.process_time() - began < 1


def test_a_large_picture_is_kept_smaller() -> None:
    drawn = from_base64(encoded(picture("PNG", (4000, 1000))))
    assert pixels(drawn.png).size == (MAX_SIDE, 400) == (drawn.width, drawn.height)


def test_a_photograph_is_kept_with_fewer_pixels() -> None:
    file = BytesIO()
    Image.effect_noise((1600, 1200), 90).convert("RGB").save(file, "JPEG", quality=95)
    drawn = from_base64(encoded(file.getvalue()))
    assert len(drawn.png) < 1_500_000
    assert (drawn.width, drawn.height) == (1600, 1200)


def test_an_svg_is_drawn_at_two_pixels_for_each_px() -> None:
    drawn = from_svg(svg('<rect width="10" height="10" style="fill: #ff0000"/>'))
    assert (drawn.width, drawn.height) == (20, 10)
    image = pixels(drawn.png)
    assert image.size == (40, 20)
    assert image.getpixel((5, 5)) == (255, 0, 0)
    assert image.getpixel((35, 5)) == (255, 255, 255)


def test_an_elements_own_style_wins_over_the_sheet() -> None:
    """As svglite, with which R draws, writes it."""
    sheet = "<style><![CDATA[.svglite rect { fill: none; stroke: #000000; }]]></style>"
    rect = "<rect width='100%' height='100%' style='stroke: none; fill: #FF0000;'/>"
    drawn = from_svg(svg(sheet + rect, 'class="svglite" width="20" height="10"'))
    assert pixels(drawn.png).getpixel((5, 5)) == (255, 0, 0)


@pytest.mark.parametrize("mode", ["RGBA", "LA", "P"])
def test_what_can_be_seen_through_is_white(mode: str) -> None:
    image = Image.new("RGBA", (8, 6), (0, 0, 0, 0)).convert(mode)
    file = BytesIO()
    image.save(file, "PNG", **({"transparency": 0} if mode == "P" else {}))
    drawn = pixels(from_base64(encoded(file.getvalue())).png)
    assert drawn.convert("RGB").getpixel((1, 1)) == (255, 255, 255)


@pytest.mark.parametrize(
    ("attributes", "size"),
    [
        ('width="72pt" height="36pt" viewBox="0 0 72 36"', (96, 48)),
        ('width="1in" height="25.4mm"', (96, 96)),
        ('viewBox="0 0 300 100"', (300, 100)),
        ('width="100%" height="100%" viewBox="0,0,300,100"', (300, 100)),
        ("", (300, 150)),
        ('width="3200" height="1600"', (1600, 800)),
    ],
)
def test_an_svg_is_as_large_as_it_says(attributes: str, size: tuple[int, int]) -> None:
    drawn = from_svg(svg('<circle r="5"/>', attributes))
    assert (drawn.width, drawn.height) == size


def test_a_doctype_without_entities_is_allowed() -> None:
    text = (
        '<?xml version="1.0" encoding="utf-8"?>\n<!DOCTYPE svg PUBLIC "-//W3C//DTD SVG 1.1//EN"\n'
        f' "http://www.w3.org/Graphics/SVG/1.1/DTD/svg11.dtd">{svg("")}'
    )
    assert from_svg(text).width == 20


KEPT = """
<defs><clipPath id="c"><rect width="9" height="9"/></clipPath><path id="g" d="M0 0h9"/>
<linearGradient id="l"><stop offset="0" stop-color="red"/></linearGradient></defs>
<style>.a &gt; b {x:1} </style><style>.line{fill:none}</style>
<g clip-path="url(#c)"><use xlink:href="#g" x="3"/><text class="a" x="1">Bill &lt;mm&gt;</text></g>
<rect fill="url(#l)" style="stroke:blue;stroke-width:2px"/>
"""


def test_shapes_words_and_references_within_stay() -> None:
    text, _, _ = cleaned(svg(KEPT))
    for stays in ('clip-path="url(#c)"', 'href="#g"', "Bill &lt;mm&gt;", 'fill="url(#l)"',
                  "stroke: blue", ".line{fill:none}"):  # fmt: skip
        assert stays in text
    assert ".a" not in text


OUTSIDE = [
    '<image href="http://127.0.0.1:9/x.png"/>',
    '<image xlink:href="file:///etc/passwd"/>',
    '<image href="data:image/svg+xml;base64,PHN2Zy8+"/>',
    '<use href="http://127.0.0.1:9/x.svg#a"/>',
    '<use xlink:href="file:///etc/passwd#a"/>',
    '<a href="javascript:alert(1)"><text>x</text></a>',
    "<script>alert(1)</script>",
    '<script xlink:href="http://127.0.0.1:9/"/>',
    '<rect onclick="alert(1)" onload="alert(1)"/>',
    '<rect fill="url(http://127.0.0.1:9/#a)"/>',
    '<rect style="fill:url(http://127.0.0.1:9/#a)"/>',
    "<rect style=\"fill:u\\72l('http://127.0.0.1:9/#a')\"/>",
    '<style>@import "http://127.0.0.1:9/";</style>',
    "<style>rect{fill:url(http://127.0.0.1:9/)}</style>",
    "<style>@font-face{src:url(http://127.0.0.1:9/)}</style>",
    '<foreignObject><p xmlns="http://www.w3.org/1999/xhtml" onclick="alert(1)"/></foreignObject>',
    '<set attributeName="href" to="javascript:alert(1)"/>',
    '<animate attributeName="href" values="javascript:alert(1)"/>',
    '<feImage href="http://127.0.0.1:9/"/>',
    '<pattern id="p"><image href="http://127.0.0.1:9/"/></pattern>',
    '<handler xmlns="http://www.w3.org/2001/xml-events">alert(1)</handler>',
]


@pytest.mark.parametrize("inner", OUTSIDE)
def test_nothing_of_an_svg_leads_outside_or_acts(inner: str) -> None:
    text, _, _ = cleaned(svg(inner))
    for sign in ("127.0.0.1", "passwd", "alert", "data:", "image", "script", "import", "\\"):
        assert sign not in text.replace("http://www.w3.org/2000/svg", "")


BOMBS = {
    "entities": '<!DOCTYPE svg [<!ENTITY a "aaaaaaaaaa"><!ENTITY b "&a;&a;&a;&a;">]>' + svg("&b;"),
    "file": '<!DOCTYPE svg [<!ENTITY x SYSTEM "file:///etc/passwd">]>' + svg("<text>&x;</text>"),
    "copies": svg(
        '<defs><g id="a0"><path d="M0 0"/></g>'
        + "".join(
            f'<g id="a{at}">' + f'<use href="#a{at - 1}"/>' * 10 + "</g>" for at in range(1, 12)
        )
        + '</defs><use href="#a11"/>'
    ),
    "itself": svg('<g id="a"><use href="#a"/></g>'),
    "shapes": svg('<g id="a">' + "<path/>" * 500 + "</g>" + '<use href="#a"/>' * 500),
    "deep": svg("<g>" * 5000 + "</g>" * 5000),
    "many": svg("<g/>" * 100_001),
    "broken": svg("<g>"),
    "html": "<html><script>alert(1)</script></html>",
    "text": "no markup",
    "nothing": "",
    "flat": svg("", 'width="0" height="10"').replace('width="0"', 'width="0.001"'),
    "endless": svg("", 'width="999999" height="1"'),
    "halves": svg("<text>\ud800</text>"),
}


@pytest.mark.parametrize("clip", ['clip-path="{}"', 'style="clip-path:{}"', 'class="{}"'])
def test_clips_of_clips_are_drawn_once(clip: str) -> None:
    sheet = "".join(f".c{at}{{clip-path:url(#c{at})}}" for at in range(21))
    clips = [f'<clipPath id="c{at + 1}">{_clipped(clip, at) * 2}</clipPath>' for at in range(20)]
    began = time.process_time()
    from_svg(svg(f"<style>{sheet}</style>{''.join(clips)}{_clipped(clip, 20)}"))
    assert time.process_time() - began < 1


def _clipped(clip: str, at: int) -> str:
    name = f"c{at}" if clip.startswith("class") else f"url(#c{at})"
    return f'<rect width="9" height="9" {clip.format(name)}/>'


@pytest.mark.parametrize("name", BOMBS)
def test_an_svg_that_multiplies_or_is_none_is_left_out(name: str) -> None:
    began = time.process_time()
    with pytest.raises(NotDrawn):
        from_svg(BOMBS[name])
    assert time.process_time() - began < 3
