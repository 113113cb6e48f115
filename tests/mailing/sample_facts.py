"""Facts to compose mailings from, with no database: penguins, code on them, and a correction."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, date, datetime
from typing import Any

from newsletter.catalog.describe.facts import (
    ColumnFacts,
    DatasetFacts,
    FileFacts,
    Party,
    SourceFacts,
    TableFacts,
    WorkFacts,
)
from newsletter.mailing.facts import (
    Chart,
    CorrectionFacts,
    IssueFacts,
    MailingFacts,
    PostFacts,
    Run,
    WrongVersion,
)
from newsletter.posts.cells import Cell
from newsletter.tables.diff import Diff, TableDiff
from tests.mailing.sample import BASE_URL, png

PAGE = f"{BASE_URL}/datasets/penguins"
POST = f"{BASE_URL}/posts/penguins-who-is-who"
PUBLISHED = datetime(2026, 11, 2, 9, tzinfo=UTC)
FILES = tuple(
    FileFacts(kind, f"{PAGE}/v/1.0.0/penguins.{kind}", size, "0" * 64)
    for kind, size in (("csv", 15_240), ("parquet", 999_950), ("json", 40_000))
)
TABLE = TableFacts(
    "penguins",
    344,
    (
        ColumnFacts("species", "string", "Which of the three it is."),
        ColumnFacts("ring", "string"),
        ColumnFacts("bill_mm", "number", "From base to tip.", "mm"),
    ),
    FILES,
)
DATASET = DatasetFacts(
    slug="penguins",
    version="1.0.0",
    title="The penguins of the archipelago",
    summary="Bills and flippers of three Antarctic species",
    description="Each row is **one** penguin.",
    license="CC0-1.0",
    url=PAGE,
    version_url=f"{PAGE}/v/1.0.0/",
    published=PUBLISHED,
    modified=PUBLISHED,
    publisher=Party("Dataset Daily", BASE_URL, "hello@news.example.org"),
    catalog_title="Dataset Daily",
    catalog_url=f"{BASE_URL}/datasets/",
    citation="Horst AM (2020). palmerpenguins.",
    tables=(TABLE,),
    creators=(Party("Kristen Gorman"), Party("LTER")),
    sources=(SourceFacts("palmerpenguins", "https://example.org/palmer", "Allison Horst"),),
    temporal="2007/2009",
    spatial="Palmer Archipelago",
)
BARE = replace(
    DATASET, license="", creators=(), sources=(), temporal=None, spatial=None, summary="",
    tables=(replace(TABLE, columns=tuple(ColumnFacts(c.name, c.type) for c in TABLE.columns)),),
)  # fmt: skip
WORK = WorkFacts(
    title="Who is who among the penguins",
    question="Which two measurements tell the species apart?",
    url=POST,
    author=Party("Ada Example"),
    language="Python",
    license="MIT",
    published=PUBLISHED,
)


def mailing_facts(kind: str = "monday", **changes: Any) -> MailingFacts:
    facts = MailingFacts(
        kind=kind,
        date=date(2026, 11, 23),
        list_title="Dataset Daily",
        base_url=BASE_URL,
        from_address="Dataset Daily <hello@news.example.org>",
        postal_address="1 Data Street, 10001 New York",
        subject="The penguins of the archipelago",
        preheader="",
        intro="",
    )
    return replace(facts, **changes)


def issue_facts(**changes: Any) -> IssueFacts:
    facts = IssueFacts(
        mailing=mailing_facts(),
        dataset=DATASET,
        first_rows=(("Adelie", "0042", 39.1), ("Gentoo", "0107", None)),
        questions=("Which two measurements tell the species apart?",),
        caveats=("One bird has no measurements at all.",),
        curator="Dataset Daily",
        hat_tip="Allison Horst",
        chart=Chart(png(60, 40), "Bill length of three species as bars."),
        previous=None,
        posts=(WORK,),
    )
    return replace(facts, **changes)


def post_facts(cells: Sequence[Cell], **changes: Any) -> PostFacts:
    facts = PostFacts(
        mailing=mailing_facts("post", date=date(2026, 11, 24), subject=WORK.title),
        work=WORK,
        credit="",
        cells=tuple(cells),
        figures=(),
        addresses={"penguins.csv": FILES[0].url},
        script="py",
        last_run=Run(date(2026, 11, 23), {"pandas": "2.3.3", "python": "3.12.3"}),
        dataset=DATASET,
    )
    return replace(facts, **changes)


def correction_facts(**changes: Any) -> CorrectionFacts:
    facts = CorrectionFacts(
        mailing=mailing_facts("correction", subject="Correction: the penguins"),
        dataset=replace(DATASET, version="2.0.0", version_url=f"{PAGE}/v/2.0.0/"),
        wrong=(WrongVersion("1.0.0", "A digit was lost."), WrongVersion("1.1.0", "So it was.")),
        received=(),
        changes=Diff("1.0.0", "2.0.0", (TableDiff("penguins", 344, 345),)),
    )
    return replace(facts, **changes)
