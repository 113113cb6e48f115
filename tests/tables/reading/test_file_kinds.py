"""Each kind of file is one entry: recognised, read, offered in forms and listed for curators."""

import re
from importlib import import_module
from pathlib import Path

import pytest

from newsletter.extras import Extra
from newsletter.models.submission import SubmissionKind
from newsletter.submissions.form import ENDINGS, endings_in_words
from newsletter.tables.reading import unpack
from newsletter.tables.reading.file_kinds import (
    KINDS,
    PACKINGS,
    FileKind,
    Packing,
    readable_kinds,
    recognise,
)

CURATOR_PAGE = Path(__file__).parents[3] / "docs" / "curator.md"

# A bare mark is no zip archive: test_unpack has these.
MARKED = [kind for kind in (*KINDS, *PACKINGS) if kind.magic and kind.name != "zip"]


def _rows() -> str:
    text = CURATOR_PAGE.read_text(encoding="utf-8").partition("### What can be brought")[2]
    return "\n".join(re.findall(r"^\| ([^|]+) \|", text.partition("\n### ")[0], re.MULTILINE))


@pytest.mark.parametrize("kind", KINDS, ids=lambda kind: kind.name)
def test_each_kind_has_a_reader_and_a_line_for_curators(kind: FileKind) -> None:
    module = import_module(f"newsletter.tables.reading.readers.{kind.reader}")
    assert callable(module.read)
    assert re.search(rf"\b{re.escape(kind.title)}\b", _rows())
    assert all(re.fullmatch(r"\.[a-z0-9]+", ending) for ending in kind.endings)


@pytest.mark.parametrize("packing", PACKINGS, ids=lambda packing: packing.name)
def test_each_packing_can_be_opened(packing: Packing) -> None:
    assert packing.name in {**unpack.OPENERS, **unpack.ARCHIVES}


@pytest.mark.parametrize("kind", MARKED, ids=lambda k: k.name)
def test_a_kind_with_a_mark_is_recognised_by_it(kind: FileKind | Packing, tmp_path: Path) -> None:
    for mark in kind.magic:
        file = tmp_path / "file.csv"
        file.write_bytes(mark + bytes(600))
        assert recognise(file, "file.csv") == kind.name


def test_no_ending_is_of_two_kinds() -> None:
    endings = [ending for kind in (*KINDS, *PACKINGS) for ending in kind.endings]
    assert len(set(endings)) == len(endings)


def test_the_words_name_what_can_be_read_here(monkeypatch: pytest.MonkeyPatch) -> None:
    words = readable_kinds()
    assert words.startswith("CSV, JSON, ")
    assert words.endswith(", a file of Stata, SPSS or SAS or a data frame of R")
    monkeypatch.setattr(Extra, "is_installed", False)
    lean = words.replace(" Arrow,", "").partition(", a file of Stata")[0]
    assert readable_kinds() == lean.replace(", a dBASE", " or a dBASE", 1)


def test_the_form_takes_every_ending() -> None:
    for kind in (*KINDS, *PACKINGS):
        assert set(kind.endings) <= set(ENDINGS[SubmissionKind.DATASET])
    assert ".parquet" in endings_in_words(SubmissionKind.DATASET)
