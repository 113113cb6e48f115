"""What is kept beside a post of its run."""

from datetime import UTC, datetime
from pathlib import Path

import pytest

from newsletter.errors import UnreadablePost
from newsletter.models.post import RunStatus
from newsletter.posts.run_record import RunRecord, path_beside, read_record, write_record

RECORD = RunRecord(
    at=datetime(2026, 11, 23, 9, tzinfo=UTC),
    status=RunStatus.RAN,
    seconds=1.5,
    versions={"python": "3.11.7"},
    source="0" * 64,
    outputs=[[{"output_type": "stream", "name": "stdout", "text": "1\n"}]],
)


def test_the_record_of_a_post_in_markdown_has_its_outputs(tmp_path: Path) -> None:
    write_record(tmp_path / "01-load.md", RECORD)
    assert read_record(tmp_path / "01-load.run.json") == RECORD


def test_the_record_of_a_notebook_has_none_as_the_notebook_has_them(tmp_path: Path) -> None:
    write_record(tmp_path / "01-load.ipynb", RECORD)
    kept = read_record(path_beside(tmp_path / "01-load.ipynb"))
    assert kept == RECORD.model_copy(update={"outputs": []})


def test_a_post_that_never_ran_has_no_record(tmp_path: Path) -> None:
    assert read_record(tmp_path / "01-load.run.json") is None


def test_a_file_that_is_no_record_is_refused(tmp_path: Path) -> None:
    (tmp_path / "01-load.run.json").write_text('{"at": "yesterday"}')
    with pytest.raises(UnreadablePost, match=r"01-load\.run\.json is no record of a run"):
        read_record(tmp_path / "01-load.run.json")
