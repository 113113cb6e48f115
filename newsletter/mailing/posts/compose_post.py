"""From a post to what its mailing says: so much of it as no mail program cuts off. Pure."""

from dataclasses import replace
from functools import partial
from itertools import chain, islice

from newsletter.catalog.data_paths import with_addresses
from newsletter.catalog.describe.facts import ErratumFacts
from newsletter.mailing.content import Link
from newsletter.mailing.facts import PostFacts, Run
from newsletter.mailing.posts.post_blocks import Blocks
from newsletter.mailing.posts.post_content import Block, PostContent
from newsletter.mailing.render import HTML_BYTES, html_bytes
from newsletter.mailing.styled import styled_prose
from newsletter.posts.cells import Cell, Code
from newsletter.posts.wording import versions_in_words

BLOCKS_AT_MOST = 120
QUESTION_AT_MOST = 300  # characters


def compose_post(facts: PostFacts) -> PostContent:
    mailing, work, dataset = facts.mailing, facts.work, facts.dataset
    question = _shortened(work.question)
    return _fitted(
        PostContent(
            date=mailing.date,
            list_title=mailing.list_title,
            base_url=mailing.base_url,
            from_address=mailing.from_address,
            postal_address=mailing.postal_address,
            subject=mailing.subject,
            preheader=mailing.preheader or question,
            title=work.title,
            question=question,
            language=work.language,
            words=styled_prose(mailing.intro) if mailing.intro else None,
            blocks=_first_blocks(facts),
            folded="",
            author=work.author.name,
            author_url=work.author.url,
            credit=facts.credit,
            license=work.license,
            ran=_ran(facts.last_run) if facts.last_run else "",
            corrected=_corrected(dataset.erratum) if dataset.erratum else "",
            dataset=Link(dataset.title, dataset.version_url),
            version=dataset.version,
            tables=tuple(Link(table.name, table.file("csv").url) for table in dataset.tables),
            downloads=(
                Link("Notebook", f"{work.url}.ipynb"),
                Link("Script", f"{work.url}.{facts.script}"),
            ),
            page_url=work.url,
        ),
        sum(map(_blocks_in, facts.cells)),
    )


def _first_blocks(facts: PostFacts) -> tuple[Block, ...]:
    blocks = Blocks(
        facts.figures,
        partial(with_addresses, addresses=facts.addresses),
        f"{facts.mailing.date}@{facts.work.url.rpartition('/')[2]}",
    )
    made = chain.from_iterable(map(blocks.of_cell, facts.cells))
    return tuple(islice(made, BLOCKS_AT_MOST))


def _fitted(content: PostContent, total: int) -> PostContent:
    """``content`` with as many of its blocks as HTML_BYTES have room for; ``total``: how many
    the whole post would have."""

    def with_first(count: int) -> PostContent:
        left = total - count
        return replace(
            content,
            blocks=content.blocks[:count],
            folded=f"The rest of it ({left:,} more part{'' if left == 1 else 's'})" if left else "",
        )

    fits, too_many = 0, len(content.blocks) + 1
    at = len(content.blocks)
    while at > fits:
        if html_bytes(with_first(at)) <= HTML_BYTES:
            fits = at
        else:
            too_many = at
        at = (fits + too_many) // 2
    return with_first(fits)


def _blocks_in(cell: Cell) -> int:
    return 1 + len(cell.outputs) if isinstance(cell, Code) else 1


def _shortened(question: str) -> str:
    line = " ".join(question.split())
    return line if len(line) <= QUESTION_AT_MOST else f"{line[: QUESTION_AT_MOST - 1]}…"


def _ran(run: Run) -> str:
    day = f"{run.day.day} {run.day:%B %Y}"
    versions = versions_in_words(run.versions)
    return f"Ran on {day} with {versions}." if versions else f"Ran on {day}."


def _corrected(erratum: ErratumFacts) -> str:
    return f"{erratum.note} Version {erratum.corrected_by} of the data corrects it."
