"""From files to all that is kept of a dataset."""

from pathlib import Path
from typing import Any

import pytest

from newsletter.catalog import dataset_import
from newsletter.catalog.dataset_import import Intake, import_files
from newsletter.catalog.package.draft import draft
from newsletter.errors import Invalid
from newsletter.storage import Storage

RAIN = "station,year,rain_mm\n" + "".join(f"s{n % 3},{2000 + n},{n * 7}\n" for n in range(20))


@pytest.fixture
def storage(tmp_path: Path) -> Storage:
    return Storage(tmp_path / "storage")


def imported(
    folder: Path, storage: Storage, text: str = RAIN, chart: dict[str, Any] | None = None
) -> Intake:
    file = folder / "rain.csv"
    file.write_text(text)
    package = draft("rain", "Rain in Kenya", "CC0-1.0", file.name, chart=chart)
    return import_files(package, {"rain": file}, storage)


def fail(*_arguments: object, **_options: object) -> bytes:
    raise Invalid("The chart took over 15 seconds: draw fewer rows.")


def test_a_chart_that_cannot_be_drawn_is_a_note(
    tmp_path: Path, storage: Storage, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(dataset_import, "render", fail)

    intake = imported(tmp_path, storage)

    assert intake.chart is None
    assert intake.tables[0]["notes"][-1] == (
        "There is no chart. The chart took over 15 seconds: draw fewer rows."
    )


def test_a_stated_chart_that_breaks_a_rule_is_refused(tmp_path: Path, storage: Storage) -> None:
    spec = {"mark": {"type": "image", "url": "https://other.example/a.png"}, "encoding": {}}

    with pytest.raises(Invalid) as caught:
        imported(tmp_path, storage, chart=spec)
    assert "chart" in caught.value.fields


def test_a_table_that_nothing_can_be_drawn_of_has_no_chart(
    tmp_path: Path, storage: Storage
) -> None:
    intake = imported(tmp_path, storage, "word\n" + "".join(f"w{n}\n" for n in range(9)))

    assert intake.chart is None
    assert intake.tables[0]["notes"] == []


def test_none_is_no_chart(tmp_path: Path, storage: Storage) -> None:
    assert imported(tmp_path, storage, chart={}).chart is None
