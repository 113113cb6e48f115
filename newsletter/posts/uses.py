"""Which columns of its dataset a post uses."""

import re
from collections.abc import Iterable

from newsletter.models.dataset import Version
from newsletter.posts.cells import Cell, Code
from newsletter.posts.front_matter import FrontMatter


def columns_used(front: FrontMatter, cells: Iterable[Cell], version: Version) -> list[str]:
    """The columns that the post names, or those of ``version`` that its code mentions."""
    if front.columns is not None:
        return list(front.columns)
    code = "\n".join(cell.source for cell in cells if isinstance(cell, Code))
    names = dict.fromkeys(column["name"] for table in version.tables for column in table.columns)
    return [name for name in names if re.search(rf"(?<!\w){re.escape(name)}(?!\w)", code)]
