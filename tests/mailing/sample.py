"""A whole issue to test and to look at: the Palmer penguins, with their real figures."""

import struct
import zlib
from dataclasses import replace
from datetime import UTC, date, datetime
from typing import Any

from markupsafe import Markup

from newsletter.mailing.content import (
    ColumnSketch,
    Fact,
    InlineImage,
    IssueContent,
    Link,
    Loader,
    PostLink,
    Preview,
    Prose,
)

BASE_URL = "https://news.example.org"
DATA = f"{BASE_URL}/datasets/penguins/v/1.0.0/penguins"
SENT_AT = datetime(2026, 11, 23, 14, 0, tzinfo=UTC)

WHY = Prose(
    html=Markup(
        "<p>For decades every statistics course began with the same <em>150 irises</em>. These "
        "344 penguins, measured on three Antarctic islands, teach the same lessons and one more: "
        "pool the species and a longer bill means a <strong>shallower</strong> one; look within "
        "each species and the relation turns round.</p>\n<p>It is Simpson’s paradox in eight "
        "columns, with real gaps in <code>sex</code> to handle and no preparation to do.</p>"
    ),
    text=(
        "For decades every statistics course began with the same 150 irises. These 344 penguins, "
        "measured on three Antarctic islands, teach the same lessons and one more: pool the "
        "species and a longer bill means a shallower one; look within each species and the "
        "relation turns round.\n\nIt is Simpson’s paradox in eight columns, with real gaps in "
        "sex to handle and no preparation to do."
    ),
)

GLANCE = (
    Fact("Size", "344 rows × 8 columns, 15 KB as CSV"),
    Fact("Licence", "CC0-1.0, no conditions", "https://creativecommons.org/publicdomain/zero/1.0/"),
    Fact("Covers", "2007 to 2009, Palmer Archipelago, Antarctica"),
    Fact("Source", "Palmer Station LTER", "https://allisonhorst.github.io/palmerpenguins/"),
)

PREVIEW = Preview(
    headers=(
        "species",
        "island",
        "bill_length_mm",
        "bill_depth_mm",
        "flipper_length_mm",
        "body_mass_g",
        "sex",
        "year",
    ),
    rows=(
        ("Adelie", "Torgersen", "39.1", "18.7", "181", "3750", "male", "2007"),
        ("Adelie", "Torgersen", "39.5", "17.4", "186", "3800", "female", "2007"),
        ("Adelie", "Torgersen", "40.3", "18.0", "195", "3250", "female", "2007"),
        ("Adelie", "Torgersen", "", "", "", "", "", "2007"),
        ("Adelie", "Torgersen", "36.7", "19.3", "193", "3450", "female", "2007"),
    ),
    numeric=(False, False, True, True, True, True, False, True),
)

COLUMNS = (
    ColumnSketch(
        "species",
        "string",
        "Which of the three brush-tailed penguins it is.",
        "Adelie 152, Gentoo 124, Chinstrap 68",
        (100, 82, 45),
    ),
    ColumnSketch(
        "island",
        "string",
        "The island of the nest.",
        "Biscoe 168, Dream 124, Torgersen 52",
        (100, 74, 31),
    ),
    ColumnSketch(
        "bill_length_mm",
        "number, mm",
        "From the base of the bill to its tip.",
        "32.1 to 59.6, median 44.5, 2 missing",
        (15, 66, 93, 79, 80, 90, 100, 26, 8, 3),
    ),
    ColumnSketch(
        "bill_depth_mm",
        "number, mm",
        "From the top edge of the bill to its bottom edge.",
        "13.1 to 21.5, median 17.3, 2 missing",
        (38, 62, 57, 61, 79, 98, 100, 70, 29, 18),
    ),
    ColumnSketch(
        "flipper_length_mm",
        "integer, mm",
        "From the body to the tip of the flipper.",
        "172 to 231, median 197, 2 missing",
        (4, 28, 66, 100, 56, 19, 53, 53, 35, 19),
    ),
    ColumnSketch(
        "body_mass_g",
        "integer, g",
        "Weighed on the day, in steps of 25 g.",
        "2,700 to 6,300, median 4,050, 2 missing",
        (21, 61, 100, 75, 59, 58, 39, 38, 23, 8),
    ),
    ColumnSketch(
        "sex",
        "string",
        "Told from a blood sample.",
        "male 168, female 165, 11 missing",
        (100, 98),
    ),
    ColumnSketch(
        "year",
        "integer",
        "The breeding season.",
        "2007 to 2009, median 2008",
        (92, 0, 0, 0, 0, 95, 0, 0, 0, 100),
    ),
)

LOADERS = (
    Loader("pandas", f'import pandas as pd\n\npenguins = pd.read_parquet("{DATA}.parquet")'),
    Loader("polars", f'import polars as pl\n\npenguins = pl.read_parquet("{DATA}.parquet")'),
    Loader("DuckDB", f"SELECT species, avg(body_mass_g)\nFROM '{DATA}.parquet'\nGROUP BY species;"),
    Loader("R", f'library(readr)\n\npenguins <- read_csv("{DATA}.csv")'),
)


def penguins_content(**changes: Any) -> IssueContent:
    """The issue of Monday 23 November 2026, with ``changes`` to its fields."""
    content = IssueContent(
        kind="monday",
        date=date(2026, 11, 23),
        list_title="Dataset Daily",
        base_url=BASE_URL,
        from_address="Dataset Daily <hello@news.example.org>",
        postal_address="1 Data Street, 10001 New York",
        subject="Palmer penguins: the paradox on three islands",
        preheader="344 penguins, 8 columns, and a correlation that changes its sign.",
        title="Palmer penguins",
        slug="penguins",
        version="1.0.0",
        why=WHY,
        chart=InlineImage(
            cid="chart@issue",
            png=png(8, 4),
            width=560,
            height=340,
            alt=(
                "Scatter plot of bill depth against bill length for 342 penguins. Within each "
                "of the three species deeper bills are longer; over all of them they are shorter."
            ),
        ),
        glance=GLANCE,
        preview=PREVIEW,
        columns=COLUMNS,
        all_columns=len(COLUMNS),
        questions=(
            "Which two measurements are enough to tell the three species apart?",
            "How large is the error if you fill the 11 gaps in sex from the body mass alone?",
            "Did the penguins of Biscoe grow lighter between 2007 and 2009?",
        ),
        caveats=(
            "A penguin has no id: a bird measured in two seasons would be two rows.",
            "Only breeding adults were caught, so nothing here holds for young birds.",
        ),
        csv_url=f"{DATA}.csv",
        parquet_url=f"{DATA}.parquet",
        page_url=f"{BASE_URL}/datasets/penguins",
        loaders=LOADERS,
        credit="Measured by Kristen Gorman and the Palmer Station LTER. Found by Allison Horst.",
        citation=(
            "Horst AM, Hill AP, Gorman KB (2020). palmerpenguins: Palmer Archipelago (Antarctica) "
            "penguin data. R package version 0.1.0. doi:10.5281/zenodo.3960218"
        ),
        previous=Link("Seabird nests of the North Atlantic", f"{BASE_URL}/issues/2026-10-05"),
        posts=(
            PostLink(
                "Drawing 200 years of storms with polars",
                "Do storms come earlier in the year than they did?",
                "Python",
                f"{BASE_URL}/posts/storms-polars",
            ),
            PostLink(
                "One window function, five questions",
                "Which storm grew fastest, and where was it then?",
                "SQL",
                f"{BASE_URL}/posts/storms-windows",
            ),
        ),
    )
    return replace(content, **changes)


def png(width: int, height: int) -> bytes:
    """A white PNG."""

    def chunk(kind: bytes, data: bytes) -> bytes:
        checksum = struct.pack(">I", zlib.crc32(kind + data))
        return struct.pack(">I", len(data)) + kind + data + checksum

    header = struct.pack(">IIBBBBB", width, height, 8, 0, 0, 0, 0)
    pixels = zlib.compress((b"\0" + b"\xff" * width) * height)
    return (
        b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", header) + chunk(b"IDAT", pixels) + chunk(b"IEND", b"")
    )
