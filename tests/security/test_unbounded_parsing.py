"""Row "quadratic or unbounded parsing": what a file or a chart asks for is limited before it is
done, by memory and by the processor's time."""

import resource
from pathlib import Path
from typing import Any

import pytest

from newsletter.charts import Artist, worker
from newsletter.errors import Invalid, UnreadableTable
from newsletter.tables.ingest import ingest
from newsletter.tables.reading.staging import unique_names

WIDE = 30_000
ENCODING = {
    "x": {"field": "x", "type": "quantitative"},
    "y": {"field": "y", "type": "quantitative"},
}
ROWS = [{"x": number, "y": number % 7} for number in range(200)]


def children_cpu() -> float:
    usage = resource.getrusage(resource.RUSAGE_CHILDREN)
    return usage.ru_utime + usage.ru_stime


@pytest.mark.parametrize("names", [["a"], ["a", "a_2"], [""], ["1"], [";|,\t"]], ids=str)
@pytest.mark.parametrize("separator", [",", "\t"], ids=["csv", "tsv"])
def test_a_table_of_equal_names_is_refused_at_once(
    tmp_path: Path, names: list[str], separator: str
) -> None:
    header = separator.join(names * (WIDE // len(names)))
    row = separator.join("1" * WIDE)
    source, work = tmp_path / "wide.txt", tmp_path / "work"
    source.write_text(f"{header}\n{row}\n{row}\n", "utf-8")
    work.mkdir()
    before = children_cpu()
    with pytest.raises(UnreadableTable, match="columns and 2,000 are the most"):
        ingest(source, work)
    assert children_cpu() - before < 1


def test_names_are_counted_before_they_are_looked_at() -> None:
    with pytest.raises(UnreadableTable, match="5,000,000 columns"):
        unique_names(["a"] * 5_000_000, [])


@pytest.fixture
def artist() -> Any:
    artist = Artist(seconds=2)
    yield artist
    artist.close()


@pytest.mark.parametrize(
    ("spec", "sentence"),
    [
        (
            {"transform": [{"calculate": "sequence(0,3e7)", "as": "z"}], "mark": "point"},
            "needs more memory than it may have",
        ),
        (
            {
                "transform": [{"density": "x", "steps": 30_000_000}],
                "mark": "area",
            },
            "takes more than 2 seconds",
        ),
    ],
    ids=["memory", "time"],
)
def test_a_chart_has_only_so_much_memory_and_time(
    artist: Artist, spec: dict[str, Any], sentence: str
) -> None:
    artist.png({"mark": "point", "encoding": ENCODING}, ROWS)
    child = artist._child
    assert child is not None
    limits = {what: resource.prlimit(child.pid, what)[0] for what in (resource.RLIMIT_DATA,)}
    assert limits == {resource.RLIMIT_DATA: worker.DATA_BYTES}
    before = children_cpu()
    with pytest.raises(Invalid, match=sentence):
        artist.png(spec | {"encoding": ENCODING}, ROWS)
    assert children_cpu() - before < 10, "with what it took to start"
    assert artist.png({"mark": "point", "encoding": ENCODING}, ROWS), "the next chart is drawn"
