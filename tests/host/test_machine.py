"""How many processes a machine is good for, or the part of it that a container gets."""

from pathlib import Path

import pytest

from newsletter.host import machine
from newsletter.host.machine import GIGABYTE


@pytest.mark.parametrize(
    ("quota", "count"),
    [("100000 100000", 1), ("50000 100000", 1), ("max 100000", None), ("", None)],
)
def test_a_container_has_the_processors_that_it_gets(
    tmp_path: Path, quota: str, count: int | None
) -> None:
    (tmp_path / "cpu.max").write_text(quota)
    everything = machine.processors(tmp_path / "none")
    assert machine.processors(tmp_path) == (count or everything)
    assert everything >= 1


def test_a_container_has_the_memory_that_it_gets(tmp_path: Path) -> None:
    whole = machine.memory(tmp_path)
    (tmp_path / "memory.max").write_text("max\n")
    assert machine.memory(tmp_path) == whole
    (tmp_path / "memory.max").write_text(f"{GIGABYTE // 2}\n")
    assert machine.memory(tmp_path) == GIGABYTE // 2


@pytest.mark.parametrize(("gigabytes", "workers"), [(0.5, 1), (1.5, 1), (2, 2)])
def test_workers_fit_into_the_memory(tmp_path: Path, gigabytes: float, workers: int) -> None:
    (tmp_path / "cpu.max").write_text("200000 100000")
    (tmp_path / "memory.max").write_text(str(int(gigabytes * GIGABYTE)))
    assert machine.web_workers(tmp_path) == workers


@pytest.mark.parametrize(("processors", "workers"), [(1, 2), (3, 3), (16, 8)])
def test_there_is_one_for_each_processor(
    monkeypatch: pytest.MonkeyPatch, processors: int, workers: int
) -> None:
    # No test can have another machine.
    monkeypatch.setattr(machine, "processors", lambda _group: processors)
    monkeypatch.setattr(machine, "memory", lambda _group: 64 * GIGABYTE)
    assert machine.web_workers() == workers


@pytest.mark.parametrize(
    ("line", "folder"),
    [("0::/", ""), ("0::/system.slice/news.service", "system.slice/news.service"), ("", "")],
)
def test_a_service_has_a_group_of_its_own(tmp_path: Path, line: str, folder: str) -> None:
    (tmp_path / "own").write_text(f"4:memory:/elsewhere\n{line}\n")
    assert machine.own_group(tmp_path / "own", tmp_path) == tmp_path / folder
