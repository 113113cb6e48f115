"""A stranger's post is read by a process with limits: safely, or refused with one sentence."""

import resource
import time
from datetime import UTC, datetime
from hashlib import sha256
from io import BytesIO
from pathlib import Path
from typing import Any

import pytest
from PIL import Image

from newsletter.errors import UnreadablePost
from newsletter.models.post import RunStatus
from newsletter.posts.cells import Code, Figure, Note, Prose, Text, as_json, figures, from_json
from newsletter.posts.front_matter import from_mapping
from newsletter.posts.intake import ImportedPost, PostFile, ReadLimits, digest_of, import_post
from newsletter.posts.reading import forms, sanitize
from newsletter.posts.run_record import RunRecord
from newsletter.storage import Storage
from tests.posts import written
from tests.posts.written import PNG, code, display, prose, stream

BODY = "Read it.\n\n```python\n# alt: Bars.\nplot()\n```\n\n```python no-run\n1\n```\n"


@pytest.fixture
def storage(tmp_path: Path) -> Storage:
    return Storage(tmp_path / "storage")


def record(source: bytes, *outputs: dict[str, Any]) -> RunRecord:
    return RunRecord(
        at=datetime(2026, 11, 24, 9, tzinfo=UTC),
        status=RunStatus.RAN,
        seconds=1.5,
        source=sha256(source).hexdigest(),
        outputs=[list(outputs)],
    )


def taken(name: str, content: bytes, storage: Storage, **more: Any) -> ImportedPost:
    return import_post(PostFile(name, content, **more), storage)


def refused(name: str, content: bytes, storage: Storage, **limits: Any) -> str:
    with pytest.raises(UnreadablePost) as error:
        import_post(PostFile(name, content), storage, ReadLimits(**limits))
    assert "\n" not in str(error.value)
    return str(error.value)


def test_a_markdown_post_has_the_outputs_of_its_run(storage: Storage) -> None:
    content = written.markdown(BODY)
    ran = record(content, stream("344\n"), display({"image/png": PNG}))
    post = taken("01-a.md", content, storage, record=ran)
    assert post.cells[0] == Prose("Read it.")
    assert isinstance(post.cells[1], Code)
    assert post.cells[1].outputs[0] == Text("344")
    (figure,) = figures(post.cells)
    assert figure.alt == "Bars."
    with storage.open(figure.key) as file:
        assert Image.open(BytesIO(file.read())).size == (60, 40)
    with storage.open(post.source_key) as file:
        assert file.read() == content
    assert post.source_key.endswith(".md")


def test_what_another_text_put_out_is_not_shown(storage: Storage) -> None:
    content = written.markdown(BODY)
    post = taken("01-a.md", content, storage, record=record(content + b"x", stream("old")))
    assert [cell.outputs for cell in post.cells if isinstance(cell, Code)] == [(), ()]


def test_a_notebook_has_its_own_outputs(storage: Storage) -> None:
    content = written.notebook(prose("Read it."), code("plot()", stream("344")))
    post = taken("01-a.ipynb", content, storage, record=record(content, stream("other")))
    assert post.cells == (Prose("Read it."), Code("python", "plot()", True, (Text("344"),)))
    assert "read it." in post.words
    assert "plot()" in post.words


def test_cells_come_back_from_json_as_they_were(storage: Storage) -> None:
    html = "<table><tr><th>a<tr><td>1</table><p>x</p>"
    outputs = [stream("1"), display({"image/png": PNG}), display({"text/html": html})]
    content = written.notebook(prose("Read it."), code("plot()", *outputs))
    cells = taken("01-a.ipynb", content, storage).cells
    assert from_json(as_json(cells)) == cells


def test_the_front_matter_that_was_given_is_kept_in_the_file(storage: Storage) -> None:
    front = from_mapping(written.front(title="What the curator typed"))
    post = taken("theirs.md", b"```python\n1\n```\n", storage, given=front)
    assert post.front == front
    with storage.open(post.source_key) as file:
        again = taken("theirs.md", file.read(), storage)
    assert again.front == front
    assert again.cells == post.cells


def test_what_it_is_made_from_makes_the_digest() -> None:
    content = written.markdown(BODY)
    file = PostFile("a.md", content)
    others = [
        PostFile("a.md", content + b" "),
        PostFile("a.md", content, record(content)),
        PostFile("a.md", content, given=from_mapping(written.front())),
    ]
    assert digest_of(file) == digest_of(PostFile("b.md", content))
    assert len({digest_of(other) for other in (file, *others)}) == 4


def test_an_output_of_50_mb_is_refused_before_it_is_read(storage: Storage) -> None:
    content = written.notebook(code("1", stream("x" * 50_000_000)))
    began = time.process_time()
    assert "over 20 MB: clear its large outputs" in refused("a.ipynb", content, storage)
    assert time.process_time() - began < 1


def test_an_output_of_19_mb_is_cut(storage: Storage) -> None:
    content = written.notebook(code("1", stream("x" * 19_000_000)))
    (cell,) = taken("a.ipynb", content, storage).cells
    assert isinstance(cell, Code)
    assert [output.kind for output in cell.outputs] == ["text", "note"]


def test_10_000_cells_are_refused(storage: Storage) -> None:
    content = written.notebook(*(code(str(at)) for at in range(10_000)))
    assert "10,001 cells and 500 are the most" in refused("a.ipynb", content, storage)


def test_markdown_of_10_000_cells_is_refused(storage: Storage) -> None:
    content = written.markdown("```python\n1\n```\n\nx\n\n" * 5_000)
    assert "10,000 cells and 500 are the most" in refused("a.md", content, storage)


def test_text_without_end_is_refused(storage: Storage) -> None:
    assert "200,000 are the most: split it" in refused(
        "a.ipynb", written.notebook(prose("word " * 100_000)), storage
    )
    assert "A text of the post has 50,001 characters" in refused(
        "a.md", written.markdown("w" * 50_001), storage
    )


@pytest.mark.parametrize("sign", ["[", "*a_", "> ", "`", "<", "![", "|-|\n|-", "a*a_", "- " * 9])
def test_markdown_that_would_be_set_for_ever_is_shown_or_refused(
    storage: Storage, sign: str
) -> None:
    content = written.notebook(*[prose(sign * (49_000 // len(sign)))] * 4)
    began = _child_seconds()
    try:
        taken("a.ipynb", content, storage)
    except UnreadablePost as error:
        assert "takes too long to set" in str(error)  # noqa: PT017
    assert _child_seconds() - began < 15


def test_markdown_that_takes_longer_than_it_may_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    post = forms.read("a.md", written.markdown("Some *words*."))
    assert sanitize.safe_cells(post, [], str) == (Prose("Some *words*."),)
    monkeypatch.setattr(sanitize, "MAX_SETTING", 0.0)
    with pytest.raises(UnreadablePost, match="takes too long to set"):
        sanitize.safe_cells(post, [], str)


def test_a_post_that_needs_much_memory_is_refused(storage: Storage) -> None:
    content = b"[" + b"[]," * 6_500_000 + b"[]]"
    told = refused("a.ipynb", content, storage, memory_bytes=400 * 1024**2)
    assert told in {
        "The post needs more memory than it may have: clear its large outputs and save it.",
        "Reading the post was broken off: clear its large outputs and save it again.",
    }


def test_a_post_that_takes_long_is_refused(storage: Storage) -> None:
    content = written.notebook(code("1"))
    assert "took over 0.01 seconds" in refused("a.ipynb", content, storage, seconds=0.01)


def test_many_bombs_in_one_post_are_left_out_one_by_one(storage: Storage) -> None:
    bomb = '<svg xmlns="http://www.w3.org/2000/svg"><g id="a"><use href="#a"/></g></svg>'
    bad = [display({"image/svg+xml": bomb}), display({"image/png": "AAAA"}), stream("fine")]
    (cell,) = taken("a.ipynb", written.notebook(code("1", *bad)), storage).cells
    assert isinstance(cell, Code)
    assert cell.outputs == (
        Note("A figure is left out, as it copies copies."),
        Note("A figure is left out, as it is damaged, or of another kind than it says."),
        Text("fine"),
    )
    assert not any(isinstance(output, Figure) for output in cell.outputs)


def test_text_that_no_database_holds_is_mended(storage: Storage) -> None:
    content = written.notebook(prose("a\0b\ud800c"), code("x = '\ud800\u202e'"))
    post = taken("a.ipynb", content, storage)
    assert post.cells == (Prose("a�b�c"), Code("python", "x = '�'", True))
    post.words.encode()


def _child_seconds() -> float:
    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    return used.ru_utime + used.ru_stime
