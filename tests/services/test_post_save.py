from datetime import UTC, datetime

import pytest
from sqlalchemy import select

from newsletter.errors import Invalid
from newsletter.installation import Installation
from newsletter.models.post import Post
from newsletter.posts.intake import PostFile
from newsletter.services.post_save import SavedPost, save
from tests import factories
from tests.posts import written

NOW = datetime(2026, 11, 24, 10, tzinfo=UTC)


def test_a_file_is_a_new_draft_and_again_the_same_post(installation: Installation) -> None:
    with installation.db.write() as session:
        factories.dataset(session, installation.storage)
    for title, is_new in (("Which penguin is it?", True), ("Which one is it?", False)):
        file = PostFile("01-été.md", written.markdown("Prose.", title=title))
        assert save(installation, "penguins", file, NOW) == SavedPost("penguins-ete", is_new)
    with installation.db.read() as session:
        assert session.scalars(select(Post.title)).all() == ["Which one is it?"]


@pytest.mark.parametrize(
    ("dataset", "version", "field"),
    [("none", "1.0.0", "dataset"), ("penguins", "9.0.0", "version")],
)
def test_what_is_wrong_is_said_of_its_field(
    installation: Installation, dataset: str, version: str, field: str
) -> None:
    with installation.db.write() as session:
        factories.dataset(session, installation.storage)
    file = PostFile("a.md", written.markdown("Prose.", version=version))
    with pytest.raises(Invalid) as refused:
        save(installation, dataset, file, NOW)
    assert list(refused.value.fields) == [field]
    with installation.db.read() as session:
        assert session.scalars(select(Post)).all() == []
