"""Each language of posts is one entry, and all that has to know it does."""

from typing import get_args

from newsletter.posts.downloads.files import DOWNLOADS
from newsletter.posts.front_matter import Language as Written
from newsletter.posts.languages import LANGUAGES


def test_each_language_can_be_written_and_taken_away() -> None:
    assert get_args(Written) == tuple(language.name for language in LANGUAGES)
    scripts = {kind.language: kind.suffix for kind in DOWNLOADS if kind.language}
    assert scripts == {language.name: language.script for language in LANGUAGES}
