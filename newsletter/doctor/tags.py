"""Lists of ``tag=value;``, as DKIM and DMARC records are (RFC 6376 3.2)."""

import re
from string import whitespace

TAG = re.compile(r"\s*([A-Za-z][A-Za-z0-9_]*)\s*=([^;]*)", re.ASCII)


def parse_tags(record: str) -> dict[str, str] | None:
    """The tags in their order; None if it is no list of tags or one comes twice."""
    tags: dict[str, str] = {}
    for part in record.strip().removesuffix(";").split(";"):
        match = TAG.fullmatch(part)
        if match is None or match[1] in tags:
            return None
        tags[match[1]] = match[2].strip(whitespace)
    return tags
