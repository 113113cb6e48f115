"""On how many examples a property is tried: on many more where a variable says how many times."""

import os

from hypothesis import settings

TIMES = int(os.environ.get("NEWSLETTER_TESTS_EXAMPLES", "1"))
THOROUGH = "thorough"


def examples(usual: int) -> int:
    return usual * TIMES


def load_profile() -> None:
    """For the properties that leave it to hypothesis; a deadline is for those who wait."""
    if TIMES > 1:
        usual = settings().max_examples
        settings.register_profile(THOROUGH, max_examples=examples(usual), deadline=None)
        settings.load_profile(THOROUGH)
