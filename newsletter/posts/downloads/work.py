"""A post as what a download is made of: its cells with addresses in place of paths."""

from collections.abc import Mapping
from dataclasses import dataclass

from newsletter.catalog.data_paths import with_addresses
from newsletter.catalog.describe.published import data_addresses
from newsletter.models.post import Post, RunStatus
from newsletter.posts.cells import Cell, Code, Prose, from_json


@dataclass(frozen=True, slots=True)
class Work:
    """Texts are as their author wrote them: whoever writes a file of them keeps prose prose."""

    post: Post
    cells: tuple[Cell, ...]  # whose sources and Markdown read from addresses
    page: str  # the address of the post
    dataset: str  # of the version that it is about

    @property
    def python(self) -> str:
        """The version of Python that it ran with last: 3.12; empty if that is not known."""
        run = self.post.last_run
        ran = run.versions.get("python", "") if run and run.status is RunStatus.RAN else ""
        return ".".join(str(ran).split(".")[:2])

    @property
    def heading(self) -> list[str]:
        """What it is, of whom and where from: a line each."""
        post = self.post
        author = f"{post.author} ({post.author_url})" if post.author_url else post.author
        lines = (
            post.title,
            post.question,
            f"By {author}. Licence: {post.license}.",
            f"From {self.page}",
            f"On {self.dataset}",
        )
        return [" ".join(line.split()) for line in lines]


def work_of(post: Post, base_url: str) -> Work:
    """What a download of ``post`` is made of."""
    version = post.version
    addresses = data_addresses(version, base_url)
    return Work(
        post,
        tuple(_addressed(cell, addresses) for cell in from_json(post.cells)),
        f"{base_url}/posts/{post.slug}",
        f"{base_url}/datasets/{version.dataset.slug}/v/{version.number}/",
    )


def _addressed(cell: Cell, addresses: Mapping[str, str]) -> Cell:
    if isinstance(cell, Prose):
        return Prose(with_addresses(cell.markdown, addresses))
    source = with_addresses(cell.source, addresses)
    return Code(cell.language, source, cell.runs, cell.outputs)
