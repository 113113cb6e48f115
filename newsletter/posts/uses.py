"""Which columns a post uses, and which words a search finds it by."""

import re
from collections.abc import Iterable

from newsletter.catalog.markdown import plain
from newsletter.models.dataset import Version
from newsletter.posts.cells import Cell, Code, Prose
from newsletter.posts.front_matter import FrontMatter


def columns_used(front: FrontMatter, cells: Iterable[Cell], version: Version) -> list[str]:
    """The columns that the post names, or those of ``version`` that its code mentions."""
    if front.columns is not None:
        return list(front.columns)
    code = "\n".join(cell.source for cell in cells if isinstance(cell, Code))
    names = dict.fromkeys(column["name"] for table in version.tables for column in table.columns)
    return [name for name in names if re.search(rf"(?<!\w){re.escape(name)}(?!\w)", code)]


def words_in(front: FrontMatter, cells: Iterable[Cell]) -> str:
    """The post's texts and code in lower case, without outputs."""
    texts = [front.title, front.question, front.author, front.credit or ""]
    for cell in cells:
        texts.append(plain(cell.markdown) if isinstance(cell, Prose) else cell.source)
    return "\n".join(texts).casefold()
