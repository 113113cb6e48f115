"""What a server said, as text that any database keeps.

PostgreSQL refuses a NUL and either database half of a surrogate pair; a control character
would do its work in whoever's terminal shows it.
"""

import re

LONGEST = 500  # characters
# All of Unicode's control characters but tab and line feed, and surrogates, which are none alone.
UNFIT = re.compile("[\0-\x08\x0b-\x1f\x7f-\x9f\ud800-\udfff]")


def is_storable(reply: str) -> bool:
    """Whether ``storable`` would leave it as it is; quick, and not sure of what is rare."""
    return len(reply) <= LONGEST and reply.isprintable()


def storable(reply: str) -> str:
    """``reply``, cut to LONGEST, with a replacement character for each that is not text."""
    return reply if is_storable(reply) else UNFIT.sub("\ufffd", reply[:LONGEST])
