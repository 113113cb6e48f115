"""What came of running a post: the value, and the file beside the post that keeps it.

``posts/02-who-is-who.md`` has its record in ``posts/02-who-is-who.run.json``.
"""

from pathlib import Path
from typing import Any

from pydantic import AwareDatetime, BaseModel, ConfigDict, ValidationError

from newsletter.errors import UnreadablePost
from newsletter.models.post import RunStatus

SUFFIX = ".run.json"
MAX_BYTES = 32 * 1024 * 1024


class RunRecord(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")

    at: AwareDatetime
    status: RunStatus
    seconds: float
    versions: dict[str, str] = {}  # python, and each package
    error: str = ""
    source: str  # SHA-256 of the post's file that ran
    data: dict[str, str] = {}  # table -> SHA-256 of its CSV
    outputs: list[list[dict[str, Any]]] = []  # nbformat v4, of each run cell in order


def path_beside(post: Path) -> Path:
    """Where the record of the post in the file ``post`` stands."""
    return post.with_name(post.stem + SUFFIX)


def read_record(path: Path) -> RunRecord | None:
    """The record in the file ``path``; None if there is none. Raises UnreadablePost."""
    try:
        with path.open("rb") as file:
            raw = file.read(MAX_BYTES + 1)
    except FileNotFoundError:
        return None
    if len(raw) > MAX_BYTES:
        raise UnreadablePost(f"{path.name} is over {MAX_BYTES // 1024**2} MB: run the post again.")
    try:
        return RunRecord.model_validate_json(raw)
    except ValidationError as error:
        raise UnreadablePost(f"{path.name} is no record of a run: run the post again.") from error


def write_record(post: Path, record: RunRecord) -> None:
    """Keep ``record`` beside the post, one line an output so that git shows what changed. A
    notebook has its outputs itself."""
    kept = record.model_copy(update={"outputs": []}) if post.suffix == ".ipynb" else record
    path_beside(post).write_text(kept.model_dump_json(indent=1) + "\n", encoding="utf-8")
