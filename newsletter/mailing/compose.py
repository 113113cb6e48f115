"""From facts to what a mailing says: what to say and in which order is decided here, how it
looks in templates/email. Pure.
"""

import struct
from collections.abc import Sequence

from newsletter.catalog.describe.citation import in_words
from newsletter.catalog.describe.facts import ColumnFacts, DatasetFacts, TableFacts, WorkFacts
from newsletter.catalog.describe.loaders import loaders
from newsletter.mailing.compose_correction import compose_correction
from newsletter.mailing.content import (
    ColumnSketch,
    Fact,
    InlineImage,
    IssueContent,
    Loader,
    PostLink,
    Preview,
)
from newsletter.mailing.facts import CorrectionFacts, Facts, IssueFacts, PostFacts
from newsletter.mailing.posts.compose_post import compose_post
from newsletter.mailing.render import AnyContent
from newsletter.mailing.styled import prose
from newsletter.mailing.telling_columns import telling
from newsletter.sizes import readable_size
from newsletter.tables.profiling.profile_text import sparkline, summary

CHART_WIDTH = 560  # CSS pixels: the width of the mail's text
PREVIEW_ROWS = 5
PREVIEW_COLUMNS = 7
COLUMNS_AT_MOST = 8
ROOM = 74  # characters side by side in the width of the text, with those between columns
GAP = 2
CELLS_AT_MOST = (40, 30, 20)  # characters of a text; numbers are never cut
LOADERS = ("pandas", "Polars", "DuckDB", "R")


def compose(facts: Facts) -> AnyContent:
    """What a mailing of any kind says."""
    match facts:
        case IssueFacts():
            return compose_issue(facts)
        case PostFacts():
            return compose_post(facts)
        case CorrectionFacts():
            return compose_correction(facts)


def compose_issue(facts: IssueFacts) -> IssueContent:
    mailing, dataset = facts.mailing, facts.dataset
    table = dataset.tables[0]
    return IssueContent(
        kind=mailing.kind,
        date=mailing.date,
        list_title=mailing.list_title,
        base_url=mailing.base_url,
        from_address=mailing.from_address,
        postal_address=mailing.postal_address,
        subject=mailing.subject,
        preheader=mailing.preheader or dataset.summary,
        title=dataset.title,
        slug=dataset.slug,
        version=dataset.version,
        why=prose(mailing.intro or dataset.description),
        chart=_chart(facts),
        glance=tuple(_glance(dataset)),
        preview=_preview(table, facts),
        columns=tuple(_sketch(table.columns[at]) for at in telling(table.columns, COLUMNS_AT_MOST)),
        all_columns=len(table.columns),
        questions=facts.questions,
        caveats=facts.caveats,
        csv_url=table.file("csv").url,
        parquet_url=table.file("parquet").url,
        page_url=dataset.url,
        loaders=_loaders(facts),
        credit=_credit(facts),
        citation=dataset.citation,
        previous=facts.previous,
        posts=tuple(map(_post_link, facts.posts)),
    )


def _loaders(facts: IssueFacts) -> tuple[Loader, ...]:
    """The code that loads the first table, in the languages most read."""
    dataset = facts.dataset
    table = dataset.tables[0]
    types = [column.type for column in table.columns]
    base_url = facts.mailing.base_url
    return tuple(
        Loader(loader.label, loader.code)
        for loader in loaders(base_url, dataset.slug, dataset.version, table.name, types)
        if loader.label in LOADERS
    )


def _chart(facts: IssueFacts) -> InlineImage | None:
    if facts.chart is None:
        return None
    width, height = struct.unpack(">II", facts.chart.png[16:24])  # PNG, 11.2.2
    return InlineImage(
        cid=f"chart.{facts.mailing.date}@{facts.dataset.slug}",
        png=facts.chart.png,
        width=CHART_WIDTH,
        height=round(height * CHART_WIDTH / width),
        alt=facts.chart.alt,
    )


def _glance(dataset: DatasetFacts) -> list[Fact]:
    table, *others = dataset.tables
    facts = [Fact("Size", f"{table.rows:,} rows × {len(table.columns):,} columns")]
    if others:
        facts.append(Fact("Also", ", ".join(f"{t.name} ({t.rows:,} rows)" for t in others)))
    sizes = ", ".join(
        f"{readable_size(table.file(kind).bytes)} as {name}"
        for kind, name in (("csv", "CSV"), ("parquet", "Parquet"))
    )
    facts.append(Fact("Download", sizes))
    if dataset.license:
        facts.append(Fact("Licence", dataset.license, dataset.license_url))
    coverage = ", ".join(filter(None, (dataset.spatial, in_words(dataset.temporal or ""))))
    if coverage:
        facts.append(Fact("Coverage", coverage))
    facts += [
        Fact("Source", ", ".join(filter(None, (source.title, source.publisher))), source.url)
        for source in dataset.sources
    ]
    if not dataset.sources:
        facts.append(Fact("Source", "none was given"))
    return facts


def _preview(table: TableFacts, facts: IssueFacts) -> Preview:
    """The first rows of the columns that tell most: as many as stand side by side."""
    places = telling(table.columns, PREVIEW_COLUMNS)
    for most in CELLS_AT_MOST:
        preview = _cut_preview(table, facts, places, most)
        if _width(preview) <= ROOM:
            return preview
    while len(places) > 2 and _width(preview) > ROOM:
        places = telling(table.columns, len(places) - 1)
        preview = _cut_preview(table, facts, places, most)
    return preview


def _cut_preview(table: TableFacts, facts: IssueFacts, places: Sequence[int], most: int) -> Preview:
    columns = [table.columns[at] for at in places]
    return Preview(
        tuple(_cell(column.name, most) for column in columns),
        tuple(
            tuple(
                _cell(row[at], len(str(row[at])) if column.is_number else most)
                for at, column in zip(places, columns, strict=True)
            )
            for row in facts.first_rows[:PREVIEW_ROWS]
        ),
        tuple(column.is_number for column in columns),
    )


def _width(preview: Preview) -> int:
    """In characters. A long name breaks where it has an underscore."""
    headers = [max(map(len, name.split("_"))) + 1 for name in preview.headers]
    cells = [max(map(len, column)) for column in zip(*preview.rows, strict=True)] or headers
    return sum(max(pair) + GAP for pair in zip(headers, cells, strict=True))


def _cell(value: object, most: int) -> str:
    text = "" if value is None else " ".join(str(value).split())
    return text if len(text) <= most else f"{text[: most - 1]}…"


def _sketch(column: ColumnFacts) -> ColumnSketch:
    return ColumnSketch(
        name=column.name,
        type=", ".join(filter(None, (column.type, column.unit))),
        description=column.description or "",
        profile=summary(column.profile, column.unit) if column.profile else "",
        bars=tuple(sparkline(column.profile)) if column.profile else (),
    )


def _credit(facts: IssueFacts) -> str:
    parts = []
    if facts.curator:
        parts.append(f"Curated by {facts.curator}.")
    if facts.hat_tip:
        parts.append(f"Thanks to {facts.hat_tip}.")
    if facts.dataset.creators:
        parts.append(f"Data by {', '.join(creator.name for creator in facts.dataset.creators)}.")
    return " ".join(parts)


def _post_link(work: WorkFacts) -> PostLink:
    return PostLink(work.title, work.question, work.language, work.url)
