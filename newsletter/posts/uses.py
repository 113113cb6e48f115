"""Which columns a post uses, and which words a search finds it by."""

import re

from newsletter.catalog.markdown import plain
from newsletter.models.dataset import Version
from newsletter.posts.cells import Code, Prose
from newsletter.posts.intake import TakenIn

MAX_WORDS = 200_000  # characters


def columns_used(taken: TakenIn, version: Version) -> list[str]:
    """The columns that the post names, or those of ``version`` that its code mentions."""
    if taken.front.columns is not None:
        return list(taken.front.columns)
    code = "\n".join(cell.source for cell in taken.cells if isinstance(cell, Code))
    names = dict.fromkeys(column["name"] for table in version.tables for column in table.columns)
    return [name for name in names if re.search(rf"(?<!\w){re.escape(name)}(?!\w)", code)]


def words_in(taken: TakenIn) -> str:
    """The post's texts and code in lower case, without outputs."""
    front = taken.front
    texts = [front.title, front.question, front.author, front.credit or ""]
    for cell in taken.cells:
        texts.append(plain(cell.markdown) if isinstance(cell, Prose) else cell.source)
    return "\n".join(texts).casefold()[:MAX_WORDS]
