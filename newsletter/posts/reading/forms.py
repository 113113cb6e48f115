"""The forms that a post is written in, by the ending of its file."""

from newsletter.errors import UnreadablePost
from newsletter.posts.front_matter import FrontMatter
from newsletter.posts.reading import markdown_post, notebook
from newsletter.posts.reading.parsed_post import Written, check_size, form_of


def read(name: str, content: bytes, given: FrontMatter | None = None) -> Written:
    """The post that the file ``name`` holds, under its own front matter or that ``given``.

    In this process: a stranger's file is read by posts.intake. Raises UnreadablePost.
    """
    check_size(content)
    if form_of(name) == "ipynb":
        return notebook.read(content, given)
    return markdown_post.read(_text(content), given)


def with_front_matter(name: str, content: bytes, front: FrontMatter) -> bytes:
    """The file's content under ``front``, which takes the place of its own."""
    if form_of(name) == "ipynb":
        return notebook.with_front_matter(content, front)
    return markdown_post.with_front_matter(_text(content), front).encode()


def _text(content: bytes) -> str:
    try:
        return content.decode("utf-8-sig").replace("\r\n", "\n").replace("\r", "\n")
    except UnicodeDecodeError as error:
        raise UnreadablePost("The post is not UTF-8: save it as UTF-8.") from error
