"""From a post's file to all that the catalog keeps of it, before the database.

Slow and isolated: a stranger's notebook is read in a child process with limits, and its
figures are stored by their content. Recording it (posts.posts) is then one short
transaction, and a failure here has changed nothing but unreferenced files.
"""

import json
import tempfile
from dataclasses import asdict, dataclass, replace
from hashlib import sha256
from pathlib import Path
from typing import Any

from newsletter.errors import UnreadablePost
from newsletter.posts import cells
from newsletter.posts.cells import Cell, Code, Figure
from newsletter.posts.front_matter import FrontMatter
from newsletter.posts.reading.parsed_post import Form, check_size, form_of
from newsletter.posts.run_record import RunRecord
from newsletter.storage import Storage
from newsletter.tables import sandbox

READER = "newsletter.posts.reading.reader"
READING = 1  # raised when cells come out otherwise: the next sync reads each post again
MAX_ANSWER = 16 * 1024 * 1024  # bytes of JSON


@dataclass(frozen=True, slots=True)
class ReadLimits:
    """What reading one post may cost."""

    seconds: float = 120.0  # wall clock, and of a processor
    memory_bytes: int = 768 * 1024**2  # of addresses
    output_bytes: int = 64 * 1024**2  # of each file written


@dataclass(frozen=True, slots=True)
class PostFile:
    """A post as it came."""

    name: str  # of the file: its ending says the form
    content: bytes
    record: RunRecord | None = None  # of its last run; a Markdown post's outputs come from it
    given: FrontMatter | None = None  # instead of the file's own, as from a curator's form


@dataclass(frozen=True, slots=True)
class ImportedPost:
    """A post as it was written and read."""

    name: str  # of the file
    front: FrontMatter
    form: Form
    cells: tuple[Cell, ...]
    words: str  # what a search looks in
    source_key: str  # storage key of the file, with the front matter that counts
    digest: str  # of what it was made from
    record: RunRecord | None


def digest_of(file: PostFile) -> str:
    """A hash of the file, its record and what was given, in hex."""
    parts = [form_of(file.name).encode(), str(READING).encode(), file.content]
    parts += [part.model_dump_json().encode() for part in (file.record, file.given) if part]
    return sha256(b"".join(sha256(part).digest() for part in parts)).hexdigest()


def import_post(
    file: PostFile, storage: Storage, limits: ReadLimits = ReadLimits()
) -> ImportedPost:
    """Read ``file``, make its cells safe and store its figures.

    Raises UnreadablePost with one sentence; its ``fields`` are the front matter's.
    """
    form = form_of(file.name)
    check_size(file.content)
    with tempfile.TemporaryDirectory(prefix="post-") as name:
        folder = Path(name).resolve()
        (folder / "post").write_bytes(file.content)
        source = sha256(file.content).hexdigest()
        # What another text put out is not shown under this one.
        ran = file.record.outputs if file.record and file.record.source == source else []
        (folder / "ran").write_text(json.dumps(ran))
        read = _read(file, folder, limits)
        kept = folder / ("post" if file.given is None else "rewritten")
        return ImportedPost(
            name=file.name,
            front=FrontMatter.model_validate(read["front"]),
            form=form,
            cells=tuple(_stored(c, folder, storage) for c in cells.from_json(read["cells"])),
            words=read["words"],
            source_key=storage.put(kept, f".{form}"),
            digest=digest_of(file),
            record=file.record,
        )


def _read(file: PostFile, folder: Path, limits: ReadLimits) -> dict[str, Any]:
    request = {
        "folder": str(folder),
        "name": file.name,
        "given": file.given.model_dump(mode="json") if file.given else None,
        "limits": asdict(limits),
    }
    try:
        answer = sandbox.run(
            READER, json.dumps(request).encode(), folder, limits.seconds, MAX_ANSWER
        )
    except sandbox.TooSlow as error:
        raise UnreadablePost(
            f"Reading the post took over {limits.seconds:g} seconds: make it smaller."
        ) from error
    except sandbox.BrokenOff as error:
        refused = UnreadablePost(
            "Reading the post was broken off: clear its large outputs and save it again."
        )
        refused.add_note(error.output)  # for a developer; never shown to a person
        raise refused from error
    reply = json.loads(answer)
    if "refused" in reply:
        raise UnreadablePost(reply["refused"], reply["fields"])
    read: dict[str, Any] = reply["read"]
    return read


def _stored(cell: Cell, folder: Path, storage: Storage) -> Cell:
    """``cell`` with its figures in ``storage`` instead of ``folder``."""
    if not isinstance(cell, Code):
        return cell
    outputs = tuple(
        replace(output, key=storage.put(folder / f"figure-{int(output.key)}.png"))
        if isinstance(output, Figure)
        else output
        for output in cell.outputs
    )
    return replace(cell, outputs=outputs)
